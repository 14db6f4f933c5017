import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DETAIL_TYPE, EVENT_SOURCE } from '../../../lib/event/change.ts'
import { compilePattern } from '../events/pattern/compile.ts'
import { serverlessFile } from './file.ts'
import { readOwnService } from './own.ts'
import { readService, toService } from './read.ts'
import { parseServerless } from './yaml.ts'

const fixture = await readService(join(import.meta.dirname, '../fixtures/serverless.yml'))
const own = await readOwnService({})

test('functions with their limits, environment and retries; references to resources are names and ARNs', () => {
  expect(fixture.functions.find(({ name }) => name === 'worker')).toEqual({
    name: 'worker',
    bundle: 'worker',
    arn: 'arn:aws:lambda:eu-west-1:123456789012:function:fixture-test-worker',
    handler: 'index.handler',
    memory: 256,
    timeout: 2000,
    environment: { EVENT_BUS_NAME: 'fixture' },
    retry: { attempts: 2, age: 60 },
    deadLetters: 'failed',
    url: false,
    streams: false,
  })
})

test('rules and routes', () => {
  expect(fixture.rules).toEqual([
    {
      name: 'fixture-test-worker-rule-1',
      arn: 'arn:aws:events:eu-west-1:123456789012:rule/fixture/fixture-test-worker-rule-1',
      bus: 'fixture',
      pattern: { source: ['test'], detail: { do: [{ 'anything-but': ['nothing'] }] } },
      target: 'worker',
      retry: { attempts: 185, age: 86_400 },
      deadLetters: 'failed',
    },
  ])
  expect(fixture.routes).toEqual([{ key: 'GET /broken', target: 'broken' }])
})

test('queues with their times in ms, and the functions behind them; a reference to one is its URL', () => {
  const name = 'heliograph-local-heartbeats'
  const arn = `arn:aws:sqs:eu-west-1:123456789012:${name}`
  expect(own.queues).toContainEqual({ name, arn, delay: 0, visibility: 60_000, retention: 120_000 })
  expect(own.pollers).toEqual([{ queue: name, target: 'node', batchSize: 1 }])
  expect(own.functions.find((fn) => fn.name === 'node')?.environment.HEARTBEAT_QUEUE_URL).toBe(
    `https://sqs.eu-west-1.amazonaws.com/123456789012/${name}`,
  )
})

test('schedules with their retries, by the resource of EventBridge Scheduler', () => {
  expect(own.schedules.map(({ target, expression }) => [target, expression])).toEqual([
    ['serviceaccount', 'rate(1 minute)'],
    ['node', 'rate(1 minute)'],
    ['sweep', 'rate(15 minutes)'],
  ])
  expect(own.schedules[0]).toEqual({
    arn: 'arn:aws:scheduler:eu-west-1:123456789012:schedule/default/heliograph-local-ServiceaccountSchedule',
    expression: 'rate(1 minute)',
    timezone: 'UTC',
    target: 'serviceaccount',
    retry: { attempts: 2, age: 60 },
    deadLetters: 'heliograph-local-dead-letters',
  })
})

const refused = [
  { name: 'an unknown event', functions: { f: { handler: 'h.h', events: [{ sqs: 'arn' }] } } },
  { name: 'a misspelt rule', functions: { f: { handler: 'h.h', events: [{ eventBridge: { patern: {} } }] } } },
  { name: 'more retries than Lambda makes', functions: { f: { handler: 'h.h', maximumRetryAttempts: 3 } } },
]

test.each(refused)('refuses $name', ({ functions }) => {
  expect(serverlessFile.safeParse({ service: 's', provider: {}, functions }).success).toBe(false)
})

test('a reference to something that is not there is an error that names it', () => {
  const text = 'service: s\nprovider: {environment: {A: !GetAtt Nothing.Arn}}\nfunctions: {f: {handler: h.h}}'
  expect(() => toService(serverlessFile.parse(parseServerless(text)))).toThrow('Nothing is not a bus or a queue')
})

test("the project's own file: a change event of a kind wakes the function of that kind, and no other one", () => {
  const event = (kind: string) => ({ source: EVENT_SOURCE, 'detail-type': DETAIL_TYPE, detail: { kind } })
  for (const { target } of own.rules) {
    const woken = own.rules.filter(({ name, pattern }) => compilePattern(pattern, name)(event(target)))
    expect(woken.map((rule) => rule.target)).toEqual([target])
  }
})

test("the project's own file: nothing that fails is lost silently, and every rule is on the bus the functions know", () => {
  const asynchronous = new Set([...own.rules, ...own.schedules].map(({ target }) => target))
  expect(own.functions.find(({ name }) => name === 'webhook')?.environment.EVENT_BUS_NAME).toBe('heliograph-local')
  for (const { name, deadLetters } of own.functions) {
    if (asynchronous.has(name)) expect([name, deadLetters]).toEqual([name, 'heliograph-local-dead-letters'])
  }
  for (const { bus, deadLetters } of own.rules) {
    expect([bus, deadLetters]).toEqual(['heliograph-local', 'heliograph-local-dead-letters'])
  }
})

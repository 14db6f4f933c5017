import { expect, test } from 'vitest'
import type { Invocation } from '../runtime/outcome.ts'
import { ThrottledError } from '../runtime/pool.ts'
import { createDeliverer, type Delivery } from './deliver.ts'
import type { LetterMessage } from './letters.ts'

const retry = { attempts: 2, age: 60 }
const rule = { arn: 'arn:aws:events:r:1:rule/b/pods', retry: { attempts: 3, age: 60 }, deadLetters: 'bus-dlq' }
const fn = { name: 'pod', arn: 'arn:aws:lambda:r:1:function:pod', retry, deadLetters: 'fn-dlq' }
const event = { id: '1', detail: {} }

const ok: Invocation = { requestId: 'q', payload: 'null', ms: 1, cold: false }
const bad: Invocation = { ...ok, payload: '{"errorType":"E","errorMessage":"m"}', functionError: 'Unhandled' }
const refusal = new Error('gone')
const throttle = new ThrottledError('pod')

/** Answers in turn, the last one for ever. */
function setUp(answers: (Invocation | Error)[], backoffs = { function: 1, handover: 1 }) {
  const letters: LetterMessage[] = []
  const seen: Delivery[] = []
  let turn = 0
  const deliverer = createDeliverer({
    backoffs,
    onDelivery: (delivery) => seen.push(delivery),
    deadLetters: { put: async (letter) => void letters.push(letter) },
    invoke: async () => {
      const answer = answers[Math.min(turn++, answers.length - 1)]
      if (answer instanceof Error) throw answer
      return answer as Invocation
    },
  })
  return { deliverer, letters, results: () => seen.map(({ attempt, result }) => `${attempt} ${result}`) }
}

test('delivered at once', async () => {
  const { deliverer, results } = setUp([ok])
  expect(await deliverer.send(rule, fn, event)).toBe('done')
  expect(results()).toEqual(['1 done'])
  expect(deliverer.pending()).toBe(0)
})

test('a failing function is tried again as often as Lambda does, then its destination has a record', async () => {
  const { deliverer, results, letters } = setUp([bad])
  expect(await deliverer.send(rule, fn, event)).toBe('dead')
  expect(results()).toEqual(['1 retry', '2 retry', '3 dead'])
  expect(letters).toEqual([{ queue: 'fn-dlq', attributes: {}, body: expect.any(String) }])
  expect(JSON.parse(letters[0]?.body ?? '')).toMatchObject({
    requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3, functionArn: `${fn.arn}:$LATEST` },
    requestPayload: event,
    responsePayload: { errorType: 'E', errorMessage: 'm' },
  })
})

test("what Lambda does not take is tried again by the rule's policy, then the rule's queue has the event", async () => {
  const { deliverer, results, letters } = setUp([refusal])
  expect(await deliverer.send(rule, fn, event)).toBe('dead')
  expect(results()).toEqual(['1 retry', '2 retry', '3 retry', '4 dead'])
  expect(letters).toEqual([
    {
      queue: 'bus-dlq',
      body: JSON.stringify(event),
      attributes: {
        RULE_ARN: rule.arn,
        TARGET_ARN: fn.arn,
        ERROR_CODE: 'SDK_CLIENT_ERROR',
        ERROR_MESSAGE: 'gone',
        EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
        RETRY_ATTEMPTS: '3',
      },
    },
  ])
})

test('a throttled event counts as no try of the function, nor of the rule', async () => {
  const { deliverer, results } = setUp([...Array(8).fill(throttle), bad, bad, ok], { function: 1, handover: 0.01 })
  expect(await deliverer.send(rule, fn, event)).toBe('done')
  expect(results().slice(-2)).toEqual(['10 retry', '11 done'])
})

test('throttled for as long as Lambda keeps the event, it is dead, with no response in its record', async () => {
  const { deliverer, letters } = setUp([throttle])
  expect(await deliverer.send(rule, { ...fn, retry: { attempts: 2, age: 0 } }, event)).toBe('dead')
  const record = JSON.parse(letters[0]?.body ?? '')
  expect(record).toMatchObject({ requestContext: { condition: 'EventAgeExceeded', approximateInvokeCount: 0 } })
  expect(record).not.toHaveProperty('responsePayload')
})

test('recovers in between', async () => {
  const { deliverer, results } = setUp([refusal, bad, bad, ok])
  expect(await deliverer.send(rule, fn, event)).toBe('done')
  expect(results()).toEqual(['1 retry', '2 retry', '3 retry', '4 done'])
})

test('without a queue it is dropped, and said so', async () => {
  const { deliverer, letters } = setUp([bad])
  expect(await deliverer.send(rule, { name: 'pod', arn: fn.arn, retry }, event)).toBe('dropped')
  expect(letters).toEqual([])
})

test('drain tells what is pending; stop turns it into dead letters that say so', async () => {
  const { deliverer, letters } = setUp([bad], { function: 60_000, handover: 60_000 })
  const sent = [deliverer.send(rule, fn, event), deliverer.send(rule, fn, event)]
  expect(await deliverer.drain(10)).toBe(2)
  expect(await deliverer.stop()).toBe(2)
  expect(await Promise.all(sent)).toEqual(['dead', 'dead'])
  expect(letters.map(({ attributes }) => attributes.EXHAUSTED_RETRY_CONDITION)).toEqual(['HostStopped', 'HostStopped'])
})

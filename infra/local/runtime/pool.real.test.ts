import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fixtureBundles, removeBundlesAtTheEnd } from '../fixtures/dist.ts'
import { fixturePool } from '../fixtures/pool.ts'
import { alive, until } from '../fixtures/until.ts'
import { StoppedError, ThrottledError } from './pool.ts'

removeBundlesAtTheEnd()

const packageOf = async (name: string) => (await fixtureBundles()).find((bundle) => bundle.name === name)?.dir ?? ''

test('one sandbox serves one call after the other', async () => {
  await using fixture = await fixturePool(await packageOf('worker'))
  const first = await fixture.work({ do: 'ok' })
  const second = await fixture.work({ do: 'ok' })
  expect([first.cold, second.cold]).toEqual([true, false])
  expect(second.value).toEqual({ uses: 2, pid: first.value.pid })
})

test('what a function writes arrives line by line', async () => {
  await using fixture = await fixturePool(await packageOf('worker'))
  await fixture.work({ do: 'ok', n: 7 })
  await until(() => fixture.lines.length > 0)
  expect(fixture.lines).toEqual([expect.stringMatching(/^\S+Z\t[0-9a-f-]{36}\tINFO\tok 7$/)])
})

test("the environment is Lambda's and the function's, nothing of the host", async () => {
  process.env.SECRET_OF_THE_HOST = 'x'
  await using fixture = await fixturePool(await packageOf('worker'), { environment: { OWN: 'y' }, memory: 256 })
  const { value } = await fixture.work({ do: 'env' })
  expect(value).toMatchObject({ OWN: 'y', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256', AWS_REGION: 'eu-west-1', TZ: ':UTC' })
  expect(value).toMatchObject({ AWS_LAMBDA_FUNCTION_NAME: 'fixture-worker', _HANDLER: 'index.handler' })
  expect(value).not.toHaveProperty('SECRET_OF_THE_HOST')
})

test("an error of the function has Lambda's form, and the sandbox lives on", async () => {
  await using fixture = await fixturePool(await packageOf('worker'))
  expect(await fixture.work({ do: 'fail', n: 1 })).toEqual({
    value: { errorType: 'RangeError', errorMessage: 'cannot do 1', trace: expect.any(Array) },
    failed: true,
    cold: true,
  })
  expect(await fixture.work({ do: 'ok' })).toMatchObject({ value: { uses: 2 }, cold: false })
})

test('a call that takes too long is ended with its sandbox', async () => {
  await using fixture = await fixturePool(await packageOf('worker'), { timeout: 300 })
  expect(await fixture.work({ do: 'hang' })).toMatchObject({
    value: { errorType: 'Sandbox.Timedout', errorMessage: expect.stringMatching(/Task timed out after 0.30 seconds$/) },
  })
  expect(await fixture.work({ do: 'ok' })).toMatchObject({ value: { uses: 1 }, cold: true })
})

test('a crash is an error; the next call has a new sandbox', async () => {
  await using fixture = await fixturePool(await packageOf('worker'))
  expect(await fixture.work({ do: 'crash' })).toMatchObject({
    value: { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/exit status 3$/) },
    failed: true,
  })
  expect(await fixture.work({ do: 'ok' })).toMatchObject({ value: { uses: 1 }, failed: false })
})

test.runIf(process.platform === 'linux')('a call that takes more memory than there is is ended', async () => {
  await using fixture = await fixturePool(await packageOf('worker'), { memory: 128 })
  expect(await fixture.work({ do: 'hold', n: 150 })).toMatchObject({
    value: { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/signal: killed$/) },
  })
  expect(await fixture.work({ do: 'ok' })).toMatchObject({ value: { uses: 1 }, cold: true })
})

test('a response above 6 MB is refused', async () => {
  await using fixture = await fixturePool(await packageOf('worker'))
  expect(await fixture.work({ do: 'bulk', n: 6 * 1024 * 1024 })).toMatchObject({
    value: { errorType: 'Function.ResponseSizeTooLarge' },
    failed: true,
  })
})

test('a function that cannot be loaded fails each call with its own error', async () => {
  await using fixture = await fixturePool(await packageOf('broken'), { name: 'broken' })
  const value = { errorType: 'Runtime.UserCodeSyntaxError', errorMessage: 'SyntaxError: broken at init' }
  for (let i = 0; i < 2; i++) expect(await fixture.work({})).toMatchObject({ value, failed: true })
})

test('a package that is not there', async () => {
  await using fixture = await fixturePool('/nowhere/at/all')
  const { value } = await fixture.work({ do: 'ok' })
  expect(value).toMatchObject({ errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('ENOENT') })
})

test('no more sandboxes than allowed; the rest waits, and all are served', async () => {
  await using fixture = await fixturePool(await packageOf('worker'), { sandboxes: 2 })
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => fixture.work({ do: 'ok', n })))
  expect(answers.every(({ failed }) => !failed)).toBe(true)
  expect(new Set(answers.map(({ value }) => value.pid)).size).toBeLessThanOrEqual(2)
  expect(fixture.pool.stats()).toMatchObject({ invocations: 200, errors: 0, queued: 0 })
})

test('beyond the reserved concurrency an invocation is not taken, and then again one is', async () => {
  await using fixture = await fixturePool(await packageOf('worker'), { reserved: 1 })
  const taken = fixture.work({ do: 'ok' })
  await expect(fixture.work({ do: 'ok' })).rejects.toThrow(ThrottledError)
  expect(await taken).toMatchObject({ failed: false })
  expect(await fixture.work({ do: 'ok' })).toMatchObject({ failed: false })
  expect(fixture.pool.stats()).toMatchObject({ invocations: 2, errors: 0, throttles: 1 })
})

test('a sandbox survives Ctrl-C, so that the host can end in order', async () => {
  await using fixture = await fixturePool(await packageOf('worker'))
  const { value } = await fixture.work({ do: 'ok' })
  process.kill(Number(value.pid), 'SIGINT')
  expect(await fixture.work({ do: 'ok' })).toMatchObject({ value: { pid: value.pid, uses: 2 } })
})

test('an idle sandbox ends', async () => {
  await using fixture = await fixturePool(await packageOf('worker'), { idle: 20 })
  const { value } = await fixture.work({ do: 'ok' })
  await until(() => fixture.pool.stats().sandboxes === 0)
  expect(alive(Number(value.pid))).toBe(false)
})

test('stop ends every process, running calls and waiting ones', async () => {
  await using fixture = await fixturePool(await packageOf('worker'), { sandboxes: 1 })
  const { value } = await fixture.work({ do: 'ok' })
  const running = fixture.work({ do: 'hang' })
  await until(() => fixture.lines.some((line) => line.endsWith('hang')))
  const waiting = fixture.work({ do: 'ok' })
  const refused = expect(waiting).rejects.toThrow(StoppedError)
  await fixture.pool.stop()
  await refused
  expect(await running).toMatchObject({ value: { errorType: 'Runtime.ExitError' } })
  expect(alive(Number(value.pid))).toBe(false)
  await expect(fixture.work({ do: 'ok' })).rejects.toThrow(StoppedError)
})

test('a sandbox does not outlive a host that was killed, not even in the middle of a call', async () => {
  const host = spawn(
    process.execPath,
    [join(import.meta.dirname, '../fixtures/orphan.ts'), await packageOf('worker')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const [text] = await once(host.stdout, 'data')
  const pids: number[] = JSON.parse(String(text))
  expect(pids.map(alive)).toEqual([true, true])
  host.kill('SIGKILL')
  await until(() => !pids.some(alive))
})

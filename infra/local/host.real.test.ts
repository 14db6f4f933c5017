import { readdir } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { expect, test } from 'vitest'
import { removeBundlesAtTheEnd } from './fixtures/dist.ts'
import { type Fixture, startFixture } from './fixtures/start.ts'
import { until } from './fixtures/until.ts'

removeBundlesAtTheEnd()

const agent = new Agent({ keepAlive: true, maxSockets: 8 })

/** POST to a front; status, headers and text of the answer. */
function post(url: string, ca: string, body: string, headers: Record<string, string> = {}, method = 'POST') {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }>((resolve, reject) => {
    const all = { 'content-type': 'application/json', ...headers }
    const call = request(url, { method, ca, agent, headers: all }, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk)
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() })
    })
    call.on('error', reject)
    call.end(body)
  })
}

const put = ({ host, ca }: Fixture, details: unknown[], path = '/') =>
  post(`${host.webhookUrl}${path}`, ca, JSON.stringify(details))

function client({ host }: Fixture): EventBridgeClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  return new EventBridgeClient({ endpoint: host.eventsUrl, region: 'eu-west-1', credentials, maxAttempts: 1 })
}

const entry = (detail: unknown) => ({
  Source: 'test',
  DetailType: 'Fixture',
  Detail: JSON.stringify(detail),
  EventBusName: 'fixture',
})

test('a request wakes a function, which puts an event, which wakes another one', async () => {
  await using fixture = await startFixture()
  const { status, headers, text } = await put(fixture, [
    { do: 'ok', n: 1 },
    { do: 'ok', n: 2 },
  ])
  expect([status, headers['x-failed'], text]).toEqual([202, '0', '{"put":2}'])
  expect(await fixture.host.drain()).toBe(0)
  expect(fixture.deliveries).toMatchObject([
    { function: 'worker', attempt: 1, result: 'done', event: { source: 'test' } },
    { function: 'worker', attempt: 1, result: 'done' },
  ])
  await until(() => fixture.lines.length === 2)
  expect(fixture.lines.sort()).toEqual(['worker: ok 1', 'worker: ok 2'])
})

test('a burst of a thousand events is delivered by two sandboxes, none lost', async () => {
  await using fixture = await startFixture()
  const calls = Array.from({ length: 100 }, (_, call) =>
    put(
      fixture,
      Array.from({ length: 10 }, (_, n) => ({ do: 'ok', n: call * 10 + n })),
    ),
  )
  expect((await Promise.all(calls)).every(({ status }) => status === 202)).toBe(true)
  expect(await fixture.host.drain()).toBe(0)
  const seen = fixture.deliveries.map(({ event }) => (event as { detail: { n: number } }).detail.n)
  expect(new Set(seen).size).toBe(1000)
  expect(fixture.host.stats()).toMatchObject({
    bus: { accepted: 1000 },
    functions: { worker: { errors: 0, queued: 0 } },
  })
  expect(fixture.host.stats().functions.worker?.starts).toBeLessThanOrEqual(2)
})

test('the real client sees each entry judged on its own', async () => {
  await using fixture = await startFixture()
  const Entries = [
    entry({ do: 'ok' }),
    { ...entry({}), Detail: '[]' },
    { ...entry({}), Source: '' },
    entry({ do: 'nothing' }),
  ]
  const answer = await client(fixture).send(new PutEventsCommand({ Entries }))
  expect(answer.FailedEntryCount).toBe(2)
  expect(answer.Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
    undefined,
    'MalformedDetail',
    'InvalidArgument',
    undefined,
  ])
  expect(await fixture.host.drain()).toBe(0)
  expect(fixture.deliveries).toHaveLength(1)
  expect(fixture.host.stats().bus).toEqual({ accepted: 2, unmatched: 1, unknownBus: 0 })
})

test('the real client has an exception for a call that is refused as a whole', async () => {
  await using fixture = await startFixture()
  const tooMany = new PutEventsCommand({ Entries: Array(11).fill(entry({})) })
  await expect(client(fixture).send(tooMany)).rejects.toMatchObject({ name: 'ValidationException' })
})

test('what fails for good is a dead letter, which can be delivered when the cause is gone', async () => {
  await using fixture = await startFixture()
  await put(fixture, [{ do: 'fail', n: 4 }])
  expect(await fixture.host.drain()).toBe(0)
  expect(fixture.deliveries.map(({ result }) => result)).toEqual(['retry', 'retry', 'dead'])
  expect(await fixture.host.deadLetters.list()).toMatchObject([
    {
      queue: 'failed',
      error: 'RangeError: cannot do 4',
      condition: 'RetriesExhausted',
      tries: 3,
      event: { detail: { n: 4 } },
    },
  ])
  expect(await fixture.host.deadLetters.redrive()).toEqual({ delivered: 0, dead: 1 })
  expect(await fixture.host.deadLetters.list()).toHaveLength(1)
})

test('redrive delivers, and the folder is empty', async () => {
  await using fixture = await startFixture({ backoffs: { function: 60_000, handover: 60_000 } })
  await put(fixture, [{ do: 'once', n: 1 }])
  await until(() => fixture.deliveries.some(({ result }) => result === 'retry'))
  expect(await fixture.host.stop()).toBe(1)
  const dlqDir = join(fixture.dir, 'dead-letters')
  expect(await readdir(dlqDir)).toHaveLength(1)
  await using again = await startFixture({ dlqDir, env: { ONCE: 'done' } })
  expect(await again.host.deadLetters.list()).toMatchObject([{ condition: 'HostStopped' }])
  expect(await again.host.deadLetters.redrive()).toEqual({ delivered: 1, dead: 0 })
  expect(await readdir(dlqDir)).toEqual([])
})

test('a stop in the middle of a burst loses nothing: each event was delivered, or is a dead letter', async () => {
  await using fixture = await startFixture()
  const batch = Array.from({ length: 10 }, (_, n) => ({ do: 'ok', n }))
  await Promise.all(Array.from({ length: 40 }, () => put(fixture, batch)))
  const left = await fixture.host.stop()
  const done = fixture.deliveries.filter(({ result }) => result === 'done').length
  expect(done + left).toBe(400)
  expect(await fixture.host.deadLetters.list()).toHaveLength(left)
  expect(fixture.host.stats()).toMatchObject({ pending: 0 })
})

test('what goes wrong behind a front is told as AWS does', async () => {
  await using fixture = await startFixture()
  const { urls } = fixture.host
  expect(await put(fixture, [], '/throw')).toMatchObject({ status: 502, text: 'Internal Server Error' })
  expect(await put(fixture, [], '/echo?a=1')).toMatchObject({ status: 200, text: '{"path":"/echo","method":"POST"}' })
  expect(await post(`${urls.broken}/broken`, fixture.ca, '', {}, 'GET')).toMatchObject({
    status: 500,
    text: '{"message":"Internal Server Error"}',
  })
  expect(await post(`${urls.broken}/other`, fixture.ca, '')).toMatchObject({ status: 404 })
  const big = `"${'x'.repeat(6 * 1024 * 1024 - 2)}"`
  expect(await post(`${urls.webhook}/echo`, fixture.ca, big)).toMatchObject({ status: 413 })
})

test('a missing bundle and a port in use are told at once, and nothing stays open', async () => {
  await expect(startFixture({ bundles: [] })).rejects.toThrow('functions/webhook.ts is not there')
  await using fixture = await startFixture()
  const port = Number(new URL(fixture.host.webhookUrl ?? '').port)
  await expect(startFixture({ ports: { webhook: port } })).rejects.toThrow('EADDRINUSE')
})

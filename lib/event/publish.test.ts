import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { after, Bus, hang, refuse, takeExcept } from './bus.fixture.ts'
import type { ChangeEvent } from './change.ts'
import { PublishError, publisher, toBatches } from './publish.ts'

const bus = new Bus()
beforeAll(() => bus.start())
beforeEach(() => bus.clear())
afterAll(() => bus.stop())

const publish = publisher('heliograph')
const LIMIT_MS = 5000

const change = (name: string): ChangeEvent => ({ cluster: 'rome', kind: 'pod', namespace: 'shop', names: [name] })
const changes = (count: number) => Array.from({ length: count }, (_, index) => change(`web-${index}`))
const byName = (all: ChangeEvent[]) => all.toSorted((a, b) => a.names[0]!.localeCompare(b.names[0]!))
/** Refuses a name the first `times` it comes. */
const refusing = (name: string, times: number, code: string) => {
  let left = times
  return takeExcept(({ names }) => (names[0] === name && left-- > 0 ? code : undefined))
}

async function failure(count: number, limitMs = LIMIT_MS): Promise<PublishError> {
  const error = await publish(changes(count), limitMs).catch((error) => error)
  expect(error).toBeInstanceOf(PublishError)
  return error
}

test('an entry names bus, source and type, and holds the change alone', async () => {
  await publish(changes(1), LIMIT_MS)
  expect(bus.calls).toEqual([
    [
      {
        EventBusName: 'heliograph',
        Source: 'heliograph',
        DetailType: 'Change',
        Detail: '{"cluster":"rome","kind":"pod","namespace":"shop","names":["web-0"]}',
      },
    ],
  ])
})

test('nothing to put, nothing called', async () => {
  await publish([], LIMIT_MS)
  expect(bus.calls).toEqual([])
})

test('ten entries a call, several calls at a time', async () => {
  bus.plan = Array.from({ length: 10 }, () => after(50))
  await publish(changes(95), LIMIT_MS)
  expect(bus.calls.map((call) => call.length).toSorted()).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 5])
  expect(byName(bus.taken)).toEqual(byName(changes(95)))
  expect(bus.mostOpen).toBeGreaterThan(1)
  expect(bus.mostOpen).toBeLessThanOrEqual(8)
})

test('of a partial failure the failed entries alone are repeated', async () => {
  bus.plan = [refusing('web-3', 1, 'ThrottlingException'), refusing('web-3', 1, 'InternalFailure')]
  await publish(changes(10), LIMIT_MS)
  expect(bus.calls.map((call) => call.length)).toEqual([10, 1, 1])
  expect(byName(bus.taken)).toEqual(byName(changes(10)))
})

const passing = [
  { name: 'throttling', answer: refuse(400, 'ThrottlingException') },
  { name: 'an internal error', answer: refuse(500, 'InternalException') },
  { name: 'an unavailable service', answer: refuse(503, 'ServiceUnavailable') },
  { name: 'a call that hangs', answer: hang },
  { name: 'a connection that breaks', answer: (...[, , response]: Parameters<typeof hang>) => response.destroy() },
]

test.each(passing)('$name passes', async ({ answer }) => {
  bus.plan = [answer]
  await publish(changes(3), LIMIT_MS)
  expect(bus.calls.map((call) => call.length)).toEqual([3, 3])
  expect(byName(bus.taken)).toEqual(changes(3))
})

test('an entry that is refused time and again is counted, the others are put', async () => {
  bus.plan = Array.from({ length: 20 }, () =>
    takeExcept(({ names }) => (names[0] === 'web-3' ? 'InternalFailure' : undefined)),
  )
  const error = await failure(10)
  expect(error).toMatchObject({ failed: 1, total: 10, retry: true })
  expect(error.message).toBe('1 of 10 events could not be put on the bus: InternalFailure')
  expect(bus.taken).toHaveLength(9)
  expect(bus.calls.map((call) => call.length)).toEqual([10, 1, 1, 1, 1])
})

test('what no repeating helps is called once', async () => {
  bus.plan = [refuse(400, 'AccessDeniedException')]
  const error = await failure(3)
  expect(error.message).toBe('3 of 3 events could not be put on the bus: AccessDeniedException')
  expect(bus.calls).toHaveLength(1)
})

test('one batch that fails takes no other with it', async () => {
  bus.plan = [refuse(400, 'ResourceNotFoundException')]
  expect(await failure(30)).toMatchObject({ failed: 10, total: 30 })
  expect(bus.taken).toHaveLength(20)
})

test('the time limit holds, however the bus behaves', async () => {
  bus.plan = Array.from({ length: 50 }, () => hang)
  const error = await failure(20, 300)
  expect(error).toMatchObject({ failed: 20, total: 20 })
  expect(error.message).toBe('20 of 20 events could not be put on the bus: no answer in time')
  // Of each batch one call: a second one would come after the first was given up, later than the limit.
  expect(bus.calls).toHaveLength(2)
})

test('the error says nothing of the entries', async () => {
  bus.plan = Array.from({ length: 5 }, () => refuse(500, 'InternalException'))
  expect((await failure(1)).message).not.toContain('web-0')
})

test('batches hold 256 KB', () => {
  const entry = (size: number) => ({ Source: '', DetailType: '', Detail: 'x'.repeat(size) })
  const kb = (count: number) => entry(count * 1024)
  const sizes = (sizes: number[]) =>
    toBatches(sizes.map(kb)).map((batch) => batch.map((one) => one.Detail!.length / 1024))
  expect(sizes([100, 100, 56, 1])).toEqual([[100, 100, 56], [1]])
  expect(sizes([200, 100, 200])).toEqual([[200], [100], [200]])
  // Too large for the bus: alone in its call, so that the refusal concerns nothing else.
  expect(sizes([1, 300, 1])).toEqual([[1], [300], [1]])
  expect(toBatches([{ ...entry(1), Detail: 'ü'.repeat(128 * 1024) }, entry(1)])).toHaveLength(2)
})

import { expect, test } from 'vitest'
import { entryBytes, MAX_BYTES, parsePut, toEvent, ValidationError } from './put.ts'

const place = { account: '1', region: 'eu-west-1' }
const entry = { Source: 's', DetailType: 't', Detail: '{"a":1}' }
const now = Date.UTC(2026, 10, 23, 12, 0, 0, 999)

test('an entry becomes an event', () => {
  expect(toEvent({ ...entry, Resources: ['r'] }, place, now)).toEqual({
    version: '0',
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    'detail-type': 't',
    source: 's',
    account: '1',
    time: '2026-11-23T12:00:00Z',
    region: 'eu-west-1',
    resources: ['r'],
    detail: { a: 1 },
  })
})

test('a time of its own, in epoch seconds', () => {
  expect(toEvent({ ...entry, Time: 0 }, place, now)).toMatchObject({ time: '1970-01-01T00:00:00Z' })
})

const failed = [
  { name: 'no source', given: { ...entry, Source: undefined }, code: 'InvalidArgument' },
  { name: 'no detail type', given: { ...entry, DetailType: '' }, code: 'InvalidArgument' },
  { name: 'no detail', given: { ...entry, Detail: undefined }, code: 'InvalidArgument' },
  { name: 'detail not JSON', given: { ...entry, Detail: '{' }, code: 'MalformedDetail' },
  { name: 'detail not an object', given: { ...entry, Detail: '[]' }, code: 'MalformedDetail' },
  { name: "AWS's own source", given: { ...entry, Source: 'aws.s3' }, code: 'NotAuthorizedForSourceException' },
]

test.each(failed)('entry refused: $name', ({ given, code }) => {
  const { Source, ...rest } = given
  expect(toEvent({ ...rest, ...(Source && { Source }) } as typeof entry, place, now)).toMatchObject({ ErrorCode: code })
})

const calls = [
  { name: 'no entries', body: {} },
  { name: 'an empty list', body: { Entries: [] } },
  { name: 'eleven entries', body: { Entries: Array(11).fill(entry) } },
  {
    name: 'more than 1 MB together',
    body: { Entries: Array(3).fill({ ...entry, Detail: ' '.repeat(MAX_BYTES / 3) }) },
  },
]

test.each(calls)('call refused: $name', ({ body }) => {
  expect(() => parsePut(body)).toThrow(ValidationError)
})

test('exactly 1 MB is taken; sizes are in UTF-8 bytes', () => {
  const rest = entryBytes({ ...entry, Detail: '' })
  expect(parsePut({ Entries: [{ ...entry, Detail: ' '.repeat(MAX_BYTES - rest) }] })).toHaveLength(1)
  expect(entryBytes({ Detail: 'é', Time: 1 })).toBe(16)
})

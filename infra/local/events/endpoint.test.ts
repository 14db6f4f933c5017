import { afterAll, expect, test } from 'vitest'
import { createBus } from './bus.ts'
import { startEventsEndpoint } from './endpoint.ts'

const endpoint = await startEventsEndpoint(createBus([], { account: '1', region: 'r' }, () => {}))
afterAll(() => endpoint.close())

const PUT = 'AWSEvents.PutEvents'
const rows = [
  { name: 'another operation', target: 'AWSEvents.ListRules', body: '{}', type: 'UnknownOperationException' },
  { name: 'no JSON', target: PUT, body: '{', type: 'SerializationException' },
  { name: 'no entries', target: PUT, body: '{"Entries":[]}', type: 'ValidationException' },
  { name: 'far too large', target: PUT, body: ' '.repeat(7 * 1024 * 1024), type: 'ValidationException' },
]

test.each(rows)('refuses $name', async ({ target, body, type }) => {
  const headers = { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1' }
  const response = await fetch(endpoint.url, { method: 'POST', headers, body })
  expect(response.status).toBe(400)
  expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.1')
  expect(await response.json()).toMatchObject({ __type: type, message: expect.any(String) })
})

test('a bus that does not exist takes events, as on AWS, and drops them', async () => {
  const entry = { Source: 's', DetailType: 't', Detail: '{}', EventBusName: 'arn:aws:events:r:1:event-bus/none' }
  const body = JSON.stringify({ Entries: [entry] })
  const response = await fetch(endpoint.url, { method: 'POST', headers: { 'x-amz-target': PUT }, body })
  expect(await response.json()).toEqual({ FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }] })
})

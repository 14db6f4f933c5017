import { expect, test } from 'vitest'
import { changeOf, MalformedChangeError } from './change.ts'

const detail = { cluster: 'rome', kind: 'pod', namespace: 'shop', names: ['web-0'] }

/** As EventBridge calls a function with it. */
const event = {
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'Change',
  source: 'heliograph',
  account: '111122223333',
  time: '2026-11-23T14:07:11Z',
  region: 'eu-central-1',
  resources: [],
  detail,
}

test('the change of an event', () => {
  expect(changeOf(event)).toEqual(detail)
})

const rows: { name: string; given: unknown; want: string }[] = [
  { name: 'another source', given: { ...event, source: 'aws.ec2' }, want: 'source' },
  { name: 'another type', given: { ...event, 'detail-type': 'Other' }, want: 'detail-type' },
  { name: 'a missing field', given: { ...event, detail: { ...detail, names: undefined } }, want: 'detail.names' },
  { name: 'content', given: { ...event, detail: { ...detail, data: 'hunter2' } }, want: 'detail' },
  {
    name: 'more names than allowed',
    given: { ...event, detail: { ...detail, names: Array(51).fill('a') } },
    want: 'detail.names',
  },
  { name: 'no event', given: null, want: 'all of it' },
]

test.each(rows)('refused: $name', ({ given, want }) => {
  expect(() => changeOf(given)).toThrow(new MalformedChangeError(want))
})

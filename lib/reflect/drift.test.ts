import { expect, test } from 'vitest'
import { changedAt, type Drift, withDifference } from './drift.ts'

const none: Drift = { found: 0, oldest: 0 }

test.each([
  { name: 'what has changed just now is on its way', ages: [59_999], want: { found: 0, oldest: 59_999 } },
  { name: 'what has not is drift', ages: [60_000], want: { found: 1, oldest: 60_000 } },
  { name: 'what tells no time is drift of no age', ages: [undefined], want: { found: 1, oldest: 0 } },
  { name: 'the oldest counts', ages: [1, 90_000, 2, 70_000], want: { found: 2, oldest: 90_000 } },
])('$name', ({ ages, want }) => {
  expect(ages.reduce(withDifference, none)).toEqual(want)
})

const object = (metadata: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', ...metadata } })
const [first, second, third] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z']

test.each([
  { name: 'of its creation', given: [object({ creationTimestamp: first })], want: first },
  {
    name: 'of its last write',
    given: [object({ creationTimestamp: first, managedFields: [{ time: third }, { time: second }, {}] })],
    want: third,
  },
  { name: 'of its deletion', given: [object({ creationTimestamp: first, deletionTimestamp: second })], want: second },
  {
    name: 'of either',
    given: [object({ creationTimestamp: second }), object({ creationTimestamp: first })],
    want: second,
  },
  { name: 'of nothing', given: [object({ managedFields: null })], want: undefined },
])('an object has changed at the time $name', ({ given, want }) => {
  expect(changedAt(given)).toBe(want && Date.parse(want))
})

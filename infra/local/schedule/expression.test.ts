import { expect, test } from 'vitest'
import { parseSchedule } from './expression.ts'

const rows = [
  { expression: 'rate(1 minute)', after: '2026-11-23T10:00:30Z', want: '2026-11-23T10:01:30Z' },
  { expression: 'rate(15 minutes)', after: '2026-11-23T10:00:00Z', want: '2026-11-23T10:15:00Z' },
  { expression: 'rate(2 days)', after: '2026-11-23T10:00:00Z', want: '2026-11-25T10:00:00Z' },
  { expression: 'cron(0/15 * * * ? *)', after: '2026-11-23T10:14:59Z', want: '2026-11-23T10:15:00Z' },
  { expression: 'cron(0/15 * * * ? *)', after: '2026-11-23T10:45:00Z', want: '2026-11-23T11:00:00Z' },
  { expression: 'cron(0 10 * * ? *)', after: '2026-11-23T10:00:00Z', want: '2026-11-24T10:00:00Z' },
  { expression: 'cron(15 12 ? * MON-FRI *)', after: '2026-11-20T12:15:00Z', want: '2026-11-23T12:15:00Z' },
  { expression: 'cron(0 8 1 * ? *)', after: '2026-11-23T00:00:00Z', want: '2026-12-01T08:00:00Z' },
  { expression: 'cron(0 0 L * ? *)', after: '2028-02-01T00:00:00Z', want: '2028-02-29T00:00:00Z' },
  { expression: 'cron(0 0 ? * 6L *)', after: '2026-11-01T00:00:00Z', want: '2026-11-27T00:00:00Z' },
  { expression: 'cron(0 0 ? * TUE#2 *)', after: '2026-11-01T00:00:00Z', want: '2026-11-10T00:00:00Z' },
  { expression: 'cron(0 0 1W * ? *)', after: '2026-07-31T01:00:00Z', want: '2026-08-03T00:00:00Z' },
  { expression: 'cron(0 0 15W * ? *)', after: '2026-11-01T00:00:00Z', want: '2026-11-16T00:00:00Z' },
  { expression: 'cron(0,30 8-10/2 ? JAN,MAR 2 2027)', after: '2026-11-23T00:00:00Z', want: '2027-01-04T08:00:00Z' },
  { expression: 'cron(0 0 1 1 ? 2026)', after: '2026-11-23T00:00:00Z', want: undefined },
  { expression: 'cron(0 0 31 2 ? *)', after: '2026-11-23T00:00:00Z', want: undefined },
]

test.each(rows)('$expression after $after: $want', ({ expression, after, want }) => {
  const next = parseSchedule(expression)(Date.parse(after))
  expect(next).toBe(want === undefined ? undefined : Date.parse(want))
})

const refused = [
  'rate(0 minutes)',
  'rate(5 seconds)',
  'rate(5)',
  'every(5 minutes)',
  'cron(0 0 * * *)',
  'cron(0 0 * * * *)',
  'cron(0 0 ? * ? *)',
  'cron(60 0 * * ? *)',
  'cron(0 0 ? * MOO *)',
  'cron(0/0 0 * * ? *)',
  'cron(5-1 0 * * ? *)',
]

test.each(refused)('refuses %s', (expression) => {
  expect(() => parseSchedule(expression)).toThrow(`schedule ${expression}: `)
})

import { expect, test } from 'vitest'
import { backoff, exhausted } from './retry.ts'

test.each([
  { failures: 1, random: 0.5, want: 60_000 },
  { failures: 2, random: 0.5, want: 120_000 },
  { failures: 2, random: 0, want: 90_000 },
  { failures: 2, random: 1, want: 150_000 },
  { failures: 30, random: 0.5, want: 300_000 },
])('wait $want ms after $failures failures', ({ failures, random, want }) => {
  expect(backoff(failures, 60_000, random)).toBe(want)
})

test.each([
  { failures: 2, age: 0, want: undefined },
  { failures: 3, age: 0, want: 'attempts' },
  { failures: 1, age: 60_001, want: 'age' },
])('after $failures failures and $age ms: $want', ({ failures, age, want }) => {
  expect(exhausted({ attempts: 2, age: 60 }, failures, age)).toBe(want)
})

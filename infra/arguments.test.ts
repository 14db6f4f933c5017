import { expect, test } from 'vitest'
import { isUsageError, readArguments } from './arguments.ts'

const options = {
  stage: { type: 'string', short: 's' },
  only: { type: 'string', multiple: true },
  yes: { type: 'boolean' },
} as const

test('options as Node reads them', () => {
  const args = ['--stage', 'a', '--only', 'b', '--only=c', '--yes', '--yes']
  expect(readArguments({ args, options }).values).toEqual({ stage: 'a', only: ['b', 'c'], yes: true })
})

test.each([
  { args: ['--stage', 'a', '--stage=a'], want: '--stage: given twice; give it once' },
  { args: ['-s', 'a', '--stage', 'b'], want: '--stage: given twice; give it once' },
  { args: ['--stag', 'a'], want: "Unknown option '--stag'" },
])('$args is refused', ({ args, want }) => {
  const read = () => readArguments({ args, options })
  expect(read).toThrow(want)
  expect(read).toThrow(expect.toSatisfy(isUsageError))
})

test('unknown options of another program are passed over', () => {
  const args = ['--verbose', '--verbose', '--stage', 'a']
  expect(readArguments({ args, options, strict: false }).values).toMatchObject({ stage: 'a' })
  expect(isUsageError(new Error('another'))).toBe(false)
})

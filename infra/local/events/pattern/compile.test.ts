import { expect, test } from 'vitest'
import { compilePattern } from './compile.ts'
import { PatternError } from './error.ts'

const change = (kind: string) => ({
  source: 'heliograph',
  'detail-type': 'Change',
  detail: { kind, names: ['a', 'b'] },
})

const rows = [
  { name: 'all conditions meet', pattern: { source: ['heliograph'], detail: { kind: ['pod'] } }, want: true },
  { name: 'one condition fails', pattern: { source: ['other'], detail: { kind: ['pod'] } }, want: false },
  { name: 'any element of an array', pattern: { detail: { names: ['b'] } }, want: true },
  { name: 'a name that is not there', pattern: { detail: { cluster: ['rome'] } }, want: false },
  { name: 'absence', pattern: { detail: { admitted: [{ exists: false }] } }, want: true },
]

test.each(rows)('$name', ({ pattern, want }) => {
  expect(compilePattern(pattern, 'r')(change('pod'))).toBe(want)
})

const refused = [
  { pattern: { detail: { kind: 'pod' } }, path: 'detail.kind', why: 'must be an object or an array' },
  { pattern: { detail: { kind: [] } }, path: 'detail.kind', why: 'empty arrays are not allowed' },
  { pattern: { detail: {} }, path: 'detail', why: 'empty objects are not allowed' },
  { pattern: { source: [{ starts: 'x' }] }, path: 'source', why: 'unknown operator "starts"' },
  { pattern: { $or: [{ source: ['a'] }] }, path: '$or', why: 'at least two objects' },
]

test.each(refused)('refuses $pattern, naming rule and path', ({ pattern, path, why }) => {
  const compile = () => compilePattern(pattern, 'pods')
  expect(compile).toThrow(PatternError)
  expect(compile).toThrow(`rule pods: invalid event pattern at ${path}: `)
  expect(compile).toThrow(why)
})

test('a wildcard with many stars takes linear time', () => {
  const matches = compilePattern({ x: [{ wildcard: `${'*a'.repeat(60)}b` }] }, 'r')
  expect(matches({ x: 'a'.repeat(50_000) })).toBe(false)
})

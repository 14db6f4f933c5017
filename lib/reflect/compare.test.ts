import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contains } from './compare.ts'

describe('contains', () => {
  test.each<{ name: string; observed: unknown; desired: unknown; want: boolean }>([
    { name: 'extra members of a map', observed: { a: 1, b: 2 }, desired: { a: 1 }, want: true },
    { name: 'a missing member', observed: { b: 2 }, desired: { a: 1 }, want: false },
    { name: 'another value', observed: { a: 2 }, desired: { a: 1 }, want: false },
    {
      name: 'zero values that are not stored',
      observed: {},
      desired: { a: '', b: 0, c: false, d: null, e: [], f: {} },
      want: true,
    },
    { name: 'a zero value against a value', observed: { nodePort: 30000 }, desired: { nodePort: 0 }, want: false },
    { name: 'lists item by item, defaults added', observed: [{ p: 1, d: 'x' }], desired: [{ p: 1 }], want: true },
    { name: 'lists in another order', observed: [1, 2], desired: [2, 1], want: false },
    { name: 'a longer list', observed: [1, 2], desired: [1], want: false },
    { name: 'a list against a map', observed: { 0: 1 }, desired: [1], want: false },
    { name: 'a number against its text', observed: '1', desired: 1, want: false },
  ])('$name', ({ observed, desired, want }) => {
    expect(contains(observed, desired)).toBe(want)
  })

  test('every JSON value contains itself', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => contains(value, value)))
  })

  test('a map contains itself without any of its members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.nat(), (map, seed) => {
        const keys = Object.keys(map)
        const { [keys[seed % keys.length]!]: _, ...less } = map
        return contains(map, less)
      }),
    )
  })
})

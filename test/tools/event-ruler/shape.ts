import type { Random } from './random.ts'

const NAMES = ['a', 'b', 'c']
const VALUES = ['x', 'y', 1, true, null]

/** A random event: objects, arrays of values, of objects and of arrays, with few names and values, so that patterns fit. */
export function shapeEvent(r: Random): Record<string, unknown> {
  return object(r, 3)
}

function object(r: Random, depth: number): Record<string, unknown> {
  const names = NAMES.filter(() => r.chance(0.75))
  return Object.fromEntries(names.map((name) => [name, node(r, depth - 1)]))
}

function node(r: Random, depth: number): unknown {
  const kind = depth <= 0 ? 0 : r.below(10)
  if (kind < 3) return r.pick(VALUES)
  if (kind < 6) return object(r, depth)
  return r.some(r.below(4), () => (r.chance(0.75) ? object(r, depth) : node(r, depth - 1)))
}

/** A random pattern over the same names: nested objects, absence, `$or`. */
export function shapePattern(r: Random): unknown {
  return patternObject(r, 3, false)
}

function patternObject(r: Random, depth: number, inOr: boolean): Record<string, unknown> {
  const count = 1 + r.below(3)
  const entries = r.some(count, (): [string, unknown] => {
    if (depth > 1 && r.chance(0.12)) return ['$or', r.some(2 + r.below(2), () => patternObject(r, depth - 1, true))]
    const name = r.pick(NAMES)
    return [name, depth > 1 && r.chance(0.5) ? patternObject(r, depth - 1, inOr) : conditions(r)]
  })
  return Object.fromEntries(entries)
}

function conditions(r: Random): unknown[] {
  const kind = r.below(10)
  if (kind < 2) return [{ exists: false }]
  if (kind < 3) return [{ exists: true }]
  if (kind < 4) return [{ exists: false }, r.pick(VALUES)]
  if (kind < 5) return [{ 'anything-but': ['x'] }]
  return r.some(1 + r.below(2), () => r.pick(VALUES))
}

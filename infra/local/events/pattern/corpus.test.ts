import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compilePattern } from './compile.ts'

/**
 * Verdicts of AWS's own event-ruler, recorded by test/tools/event-ruler: for each pattern, one bit for each event of its
 * family, or why it was refused.
 */
interface Line {
  events?: unknown[]
  p?: unknown
  v?: string
  bad?: string
}

/**
 * Where event-ruler's automaton contradicts its own description, and we follow the description: an anything-but lost
 * beside a wildcard, and an absence lost in a nested `$or`.
 */
const KNOWN = new Set([
  '{"x":[{"wildcard":"*\\\\*"},{"anything-but":{"equals-ignore-case":["ω","10"]}}]}',
  '{"$or":[{"b":[null,1]},{"$or":[{"a":[1,true],"b":[null,"y"]},{"c":[null,true]},{"c":[{"exists":false},null]}]}]}',
])

const [header = '', ...lines] = readFileSync(join(import.meta.dirname, '../ruler-corpus.jsonl'), 'utf8')
  .trim()
  .split('\n')

const verdict = (pattern: unknown, events: unknown[]): string => {
  const matches = compilePattern(pattern, 'corpus')
  return events
    .reduce<bigint>((bits, event, at) => (matches(event) ? bits | (1n << BigInt(at)) : bits), 0n)
    .toString(16)
}

const tried = (pattern: unknown, events: unknown[]): string => {
  try {
    return verdict(pattern, events)
  } catch {
    return 'refused'
  }
}

test('agrees with event-ruler on every pattern and event of the recorded corpus', () => {
  let events: unknown[] = []
  let pairs = 0
  const differ: string[] = []
  for (const line of lines) {
    const { events: family, p, v, bad } = JSON.parse(line) as Line
    if (family) events = family
    else {
      pairs += events.length
      if (tried(p, events) !== (bad ? 'refused' : v)) differ.push(JSON.stringify(p))
    }
  }
  expect(JSON.parse(header)).toMatchObject({ matcher: 'software.amazon.event.ruler:event-ruler:2.1.0' })
  expect(pairs).toBeGreaterThan(150_000)
  expect(differ.sort()).toEqual([...KNOWN].sort())
})

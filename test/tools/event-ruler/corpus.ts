import { addressEvents, addressPattern, leafEvents, leafPattern } from './leaf.ts'
import { HAND_PICKED } from './picked.ts'
import { seeded } from './random.ts'
import { shapeEvent, shapePattern } from './shape.ts'

/**
 * Prints the corpus without verdicts, for Record.java: a header, then for each family a line with its events and a line
 * for each pattern, which is judged on every event of its family.
 */
const SEED = 20261123
const r = seeded(SEED)
const header = { matcher: 'software.amazon.event.ruler:event-ruler:2.1.0', recorded: '2026-11-23', seed: SEED }

const unique = (patterns: unknown[]) => [...new Set(patterns.map((pattern) => JSON.stringify(pattern)))]
const lines = (events: unknown[], patterns: unknown[]) => [
  JSON.stringify({ events }),
  ...unique(patterns).map((pattern) => `{"p":${pattern}}`),
]

const leafPatterns = r.some(1200, () => ({ x: r.some(r.chance(0.75) ? 1 : 2, () => leafPattern(r)) }))
const addressPatterns = r.some(150, () => ({ x: r.some(r.chance(0.8) ? 1 : 2, () => addressPattern(r)) }))
const shapes = r.some(4, () =>
  lines(
    r.some(64, () => shapeEvent(r)),
    r.some(350, () => shapePattern(r)),
  ),
)

console.log(JSON.stringify(header))
for (const line of lines(leafEvents(), [...HAND_PICKED, ...leafPatterns])) console.log(line)
for (const line of lines(addressEvents(), addressPatterns)) console.log(line)
for (const line of shapes.flat()) console.log(line)

import type { Choice } from './choices.ts'
import { type Explored, exploreAll } from './explore.ts'
import { type Family, families } from './families.ts'
import { encode } from './notation.ts'
import type { Options } from './options.ts'
import { exploreSome } from './random.ts'
import { replay } from './replay.ts'
import { shortestFailure } from './shortest.ts'
import type { World } from './world.ts'

export interface Total {
  worlds: number
  schedules: number
  states: number
  violations: number
  /** Schedules carried out a second time, for real: see replay.ts. */
  replayed: number
}

type Print = (line: string) => void

/** A world larger than this counts as too large; none of the families has one. */
const MOST_STATES = 5_000_000

/** Explores the families and prints a line for each; the first failing world of each family is told step by step. */
export async function simulate(
  options: Pick<Options, 'quick' | 'seed' | 'only' | 'first'>,
  print: Print,
): Promise<Total> {
  const start = performance.now()
  const total: Total = { worlds: 0, schedules: 0, states: 0, violations: 0, replayed: 0 }
  print(row('worlds of', 'worlds', 'schedules', 'states', 'violations', 'seconds', ''))
  for (const family of families(options.quick, options.seed)) {
    if (options.only.length > 0 && !options.only.includes(family.name)) continue
    const found = await exploreFamily(family, options, print)
    total.worlds += found.worlds
    total.schedules += found.schedules
    total.states += found.states
    total.violations += found.violations
    total.replayed += found.replayed
    if (found.violations > 0 && options.first) break
  }
  const { worlds, schedules, states, violations, replayed } = total
  print(row('total', worlds, schedules, states, violations, seconds(start), `${replayed} replayed for real`))
  return total
}

async function exploreFamily(family: Family, options: Pick<Options, 'quick' | 'seed' | 'first'>, print: Print) {
  const start = performance.now()
  const found: Total = { worlds: 0, schedules: 0, states: 0, violations: 0, replayed: 0 }
  let told: { world: World; number: number; explored: Explored } | undefined
  for (const [index, world] of family.worlds.entries()) {
    const seed = options.seed + index
    const explored = family.random ? await exploreSome(world, family.random, seed) : await exploreWhole(world)
    found.worlds++
    found.schedules += explored.schedules
    found.states += explored.states
    if (explored.failure) {
      found.violations++
      told ??= { world, number: index + 1, explored }
      if (options.first) break
    } else if (index % 5 === 0) {
      found.replayed += await replaySome(world, seed)
    }
  }
  const how = family.random ? `random, seed ${options.seed}` : 'exhaustive'
  print(row(family.name, found.worlds, found.schedules, found.states, found.violations, seconds(start), how))
  if (told) await tell(family, told, options, print)
  return found
}

async function exploreWhole(world: World): Promise<Explored> {
  const explored = await exploreAll(world, MOST_STATES)
  if (!explored.whole && !explored.failure) throw new Error(`${world.name}: more than ${MOST_STATES} states`)
  return explored
}

/** A few executions of the world again, against live clusters: what the exploration rests on is checked as it goes. */
async function replaySome(world: World, seed: number): Promise<number> {
  const drawn: (readonly Choice[])[] = []
  await exploreSome(world, 3, seed, (schedule) => drawn.push(schedule))
  for (const schedule of drawn) await replay(world, schedule)
  return drawn.length
}

async function tell(
  family: Family,
  { world, number, explored }: { world: World; number: number; explored: Explored },
  { quick, seed }: Pick<Options, 'quick' | 'seed'>,
  print: Print,
): Promise<void> {
  const found = (await shortestFailure(world)) ?? explored.failure!
  const { property, text } = found.violation
  print(`\n${property} violated in world ${family.name}/${number}: ${world.name}\n  ${text}`)
  for (const line of (await replay(world, found.schedule)).lines) print(`  ${line}`)
  const flags = `${quick ? '--quick ' : ''}${seed === 1 ? '' : `--seed ${seed} `}`
  print(
    `again: npm run simulate -- ${flags}--replay '${family.name}/${number}' ${await encode(world, found.schedule)}\n`,
  )
}

function seconds(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1)
}

function row(name: string, ...cells: (string | number)[]): string {
  const how = cells.pop()
  return `${name.padEnd(22)}${cells.map((cell) => short(cell).padStart(12)).join('')}  ${how}`.trimEnd()
}

/** Whole up to a million million, then rounded: the number of schedules grows beyond what a line can hold. */
function short(cell: string | number): string {
  if (typeof cell === 'string') return cell
  return cell < 1e9 ? String(cell) : cell.toExponential(2)
}

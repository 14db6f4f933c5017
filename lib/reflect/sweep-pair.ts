import { ClusterError } from '../cluster/errors.ts'
import type { Kind } from '../kinds/kind.ts'
import { errorFields, type Log } from '../log.ts'
import type { Mode, Outcome } from './converge.ts'
import { diff } from './diff.ts'
import { type Drift, withDifference } from './drift.ts'
import { forEach } from './for-each.ts'
import { type PairScope, pairScope } from './pairs.ts'
import type { Pair, Peering } from './peering.ts'
import type { Lists } from './reads.ts'
import { reflect } from './reflect.ts'

/** Counts of a sweep: objects listed on both sides, then keys by what became of them. */
export interface Summary {
  listed: number
  equal: number
  created: number
  updated: number
  deleted: number
  /** Not selected, or the target is being deleted already. */
  skipped: number
  /** An unmarked object is in the way. */
  blocked: number
  /** A guard forbade the write, or the budget the deletion. */
  refused: number
  failed: number
}

/** A deletion that waits until all of them are known. */
export interface Deletion {
  /** For people, e.g. `configmap rome/shop/cfg`. */
  what: string
  /** Objects that it removes; 0 of one that the configuration asks for, which goes whatever the budget. */
  weight: number
  /** The pair in whose remote namespace it is, e.g. `rome:milan/shop`; absent: it is in none. */
  pair?: string
  /** It is that namespace itself: whatever is in it goes with it. */
  whole?: true
  /** What it is, where it counts as drift. */
  differs?: Difference
  carryOut(): Promise<Outcome>
}

/** An object that differs, in a peering. */
interface Difference {
  peering: string
  /** ms since its last change; undefined: not known. */
  age: number | undefined
}

export interface Sweep {
  summary: Summary
  /** By peering, e.g. `rome:milan`. */
  drift: Map<string, Drift>
  /** When it began, epoch ms. */
  now: number
  deletions: Deletion[]
  /** Failures that a retry may cure. */
  curable: number
  mode: Mode
  log: Log
  /** What the pairs have in common. */
  lists: Lists
}

export function newSweep(mode: Mode, log: Log, now = Date.now()): Sweep {
  const summary: Summary = {
    listed: 0,
    equal: 0,
    created: 0,
    updated: 0,
    deleted: 0,
    skipped: 0,
    blocked: 0,
    refused: 0,
    failed: 0,
  }
  return { summary, drift: new Map(), now, deletions: [], curable: 0, mode, log, lists: new Map() }
}

/** Keys of one kind in one pair that are reflected at a time: so many of the largest objects fit 256 MB. */
const KEYS = 8

/**
 * Compares one kind in one pair and reflects what differs. Deletions are only noted, and only if both lists came to
 * their end: a list that breaks off says nothing about what is missing in it.
 */
export async function sweepKind(sweep: Sweep, peering: Peering, pair: Pair, kind: Kind): Promise<void> {
  const pairs = pairScope(peering, pair.homeNamespace)
  const deletions: Deletion[] = []
  const whole = `${kind.name} ${peering.home.id}/${pair.homeNamespace}`
  await noted(sweep, whole, async () => {
    await forEach(
      diff(kind, peering, pair, sweep.summary, sweep.lists),
      KEYS,
      async ({ name, verdict, due, changed }) => {
        const what = `${whole}/${name}`
        const age = changed === undefined ? undefined : sweep.now - changed
        const differs = { peering: peeringName(peering), age }
        if (sweep.mode === 'report' || (verdict.do === 'nothing' && !due)) {
          if (verdict.do !== 'nothing' && verdict.do !== 'warn') noteDifference(sweep, differs)
          return count(sweep, verdict.do === 'nothing' && due ? 'returned' : verdict.verdict)
        }
        const carryOut = () => reflect(kind, peering, name, pairs)
        const orphan = {
          what,
          weight: 1,
          ...(kind.target.side === 'remote' && { pair: pairName(peering, pair.homeNamespace) }),
          differs,
          carryOut,
        }
        if (verdict.do !== 'delete') await reflectNoted(sweep, kind, peering, name, pairs, orphan)
        else deletions.push(verdict.deliberate ? { what, weight: 0, carryOut } : orphan)
      },
    )
    sweep.deletions.push(...deletions)
  })
}

/**
 * The lists saw something to write; the key itself is observed anew, and may have come to need a deletion by then.
 * @param orphan what is to be noted in that case
 */
async function reflectNoted(
  sweep: Sweep,
  kind: Kind,
  peering: Peering,
  name: string,
  pairs: PairScope,
  orphan: Deletion & { differs: Difference },
): Promise<void> {
  const { what, differs } = orphan
  const isDone = await noted(sweep, what, async () => {
    const outcome = await reflect(kind, peering, name, pairs, 'withhold')
    if (outcome.verdict === 'withheld') sweep.deletions.push(orphan)
    else countOutcome(sweep, what, outcome, differs)
  })
  if (!isDone) noteDifference(sweep, differs)
}

/**
 * Carries out the deletions noted; none of those that weigh something when together they weigh more than the budget.
 * What goes with its namespace, whose weight has it already, neither counts nor is carried out.
 */
export async function settleDeletions(sweep: Sweep, budget: number): Promise<void> {
  const emptied = new Set(sweep.deletions.flatMap(({ pair, whole }) => (whole && pair) || []))
  const goesAlong = ({ pair, whole }: Deletion) => !whole && pair !== undefined && emptied.has(pair)
  const along = sweep.deletions.filter(goesAlong)
  const own = sweep.deletions.filter((one) => !goesAlong(one))
  const weighty = own.filter(({ weight }) => weight > 0)
  const weight = weighty.reduce((sum, deletion) => sum + deletion.weight, 0)
  const isOver = weight > budget
  if (isOver) {
    sweep.summary.refused += weighty.length
    const some = weighty.slice(0, 10).map(({ what }) => what)
    const remedy = 'check that the source clusters are whole; if so, set SWEEP_DELETE_BUDGET to at least this weight'
    const line = { deletions: weighty.length, weight, budget, some, remedy }
    sweep.log.error('delete budget exceeded, nothing deleted', line)
  }
  for (const { differs } of isOver ? [...weighty, ...along] : along) if (differs) noteDifference(sweep, differs)
  await forEach(isOver ? own.filter((one) => one.weight === 0) : own, KEYS, async ({ what, carryOut, differs }) => {
    const isDone = await noted(sweep, what, async () => countOutcome(sweep, what, await carryOut(), differs))
    if (!isDone && differs) noteDifference(sweep, differs)
  })
}

/** Runs a part of the sweep; its failure is counted and logged, and the rest goes on. @returns whether it succeeded */
export async function noted(sweep: Sweep, what: string, part: () => Promise<unknown>): Promise<boolean> {
  try {
    await part()
    return true
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error
    sweep.summary.failed++
    if (error.retry) sweep.curable++
    sweep.log.error('sweep failed', { what, ...errorFields(error) })
    return false
  }
}

/** @param differs what was seen to differ: drift, unless it was brought in line in between, or only its owner can do it */
export function countOutcome(sweep: Sweep, what: string, { verdict, why }: Outcome, differs?: Difference): void {
  if (differs && DIFFERED.has(verdict)) noteDifference(sweep, differs)
  count(sweep, verdict)
  if (verdict !== 'equal') sweep.log.info('swept', { what, verdict, why })
}

const DIFFERED: ReadonlySet<Outcome['verdict']> = new Set(['created', 'updated', 'deleted'])

function noteDifference({ drift }: Sweep, { peering, age }: Difference): void {
  drift.set(peering, withDifference(drift.get(peering) ?? { found: 0, oldest: 0 }, age))
}

export const peeringName = ({ home, remote }: Peering): string => `${home.id}:${remote.id}`

/** e.g. `rome:milan/shop` */
export const pairName = (peering: Peering, homeNamespace: string): string => `${peeringName(peering)}/${homeNamespace}`

/** Verdicts that name no count of their own. */
const COUNTED_AS: Partial<Record<Outcome['verdict'], keyof Summary>> = {
  returned: 'updated',
  absent: 'equal',
  foreign: 'equal',
  unmapped: 'skipped',
  terminating: 'skipped',
  withheld: 'refused',
}

function count(sweep: Sweep, verdict: Outcome['verdict']): void {
  const column = COUNTED_AS[verdict] ?? (verdict as keyof Summary)
  sweep.summary[column]++
}

/** Lists of so many kinds are compared at a time. */
const KINDS_AT_ONCE = 4

/** Sweeps one pair alone: to fill a new namespace, or after an event that names no object. */
export async function sweepPair(
  peering: Peering,
  pair: Pair,
  kinds: readonly Kind[],
  mode: 'act' | 'withhold',
): Promise<Sweep> {
  const sweep = newSweep(mode, peering.log)
  await forEach(kinds, KINDS_AT_ONCE, (kind) => sweepKind(sweep, peering, pair, kind))
  if (mode === 'act') await settleDeletions(sweep, Number.POSITIVE_INFINITY)
  return sweep
}

import { ConflictError } from '../cluster/errors.ts'
import type { KubeObject } from '../cluster/port.ts'
import type { Kind } from '../kinds/kind.ts'
import { apply } from './apply.ts'
import { give, refusalIn, timestamp } from './give.ts'
import { IdentityError, type Peering } from './peering.ts'
import { type Observation, plan, type Verdict } from './plan.ts'
import { provide } from './provide.ts'
import { isForPerson, report } from './report.ts'

/**
 * What became of one key. `returned`: only the source was written to; `refused`: a guard forbids the write; `unmapped`: its namespace is not reflected; `withheld`:
 * a deletion that the mode did not allow; `failed`: an error, in `why`.
 */
export interface Outcome {
  verdict: Verdict['verdict'] | 'returned' | 'refused' | 'unmapped' | 'withheld' | 'failed'
  why?: string
  writes: number
  /** Targets that were updated or deleted, for flows that look after what those needed; absent: none. */
  replaced?: readonly Replaced[] | 'many'
}

/** One target before a write and after it; without `after` it was deleted. */
export interface Replaced {
  before: KubeObject
  after?: KubeObject
}

/** How one key is looked at. */
export interface Sight {
  /** Reads target, then source, then what else it needs; undefined when the key has no place to be reflected to. */
  observe(): Promise<Observation | undefined>
  /** Reads the basis of the observation once more. */
  basis(): Promise<readonly KubeObject[]>
}

/** `withhold`: all writes but deletions. `report`: none; the outcome says what would be done. */
export type Mode = 'act' | 'withhold' | 'report'

/** How often a key is observed in one go; then the platform's redelivery takes over. */
const MAX_LOOKS = 8

/**
 * Makes one target follow its source: observe, plan, apply, and look again after a write. What forge lacks is provided
 * first, and then looked at.
 *
 * Looking again closes what no precondition can: the source may have changed back and forth while another function,
 * seeing the target unchanged, had nothing to write. The same holds for the objects read beside the source: each change
 * of one wakes the key too, and that invocation read them after the change. If it saw the target after this write, it
 * mended what was wrong; if it saw the target before, it either wrote, which one of the two preconditions refuses, or had
 * nothing to write, and then this write, being later, is followed by a look that shows the change. Objects that wake
 * nothing are not looked at again, but for what the kind provides; the sweep is their guarantee.
 *
 * Only a deletion for want of a source needs no second look: a recreated source has another uid, so whoever saw it had a
 * stamp to write and collided with this deletion.
 *
 * @returns the verdict of the last write, or of the look that found nothing to write
 * @throws ConflictError when the target or the source would not hold still
 * @throws ClusterError as the clusters do
 */
export async function converge(kind: Kind, peering: Peering, sight: Sight, mode: Mode = 'act'): Promise<Outcome> {
  let last: Outcome = { verdict: 'unmapped', writes: 0 }
  const replaced: Replaced[] = []
  for (let look = 0; look < MAX_LOOKS; look++) {
    const seen = await sight.observe()
    if (!seen) return last
    if (mode !== 'report' && (await hasProvided(kind, peering, seen))) continue
    const verdict = plan(seen)
    if (mode === 'report') return toOutcome(verdict, 0)
    if (mode === 'withhold' && verdict.do === 'delete') return { ...toOutcome(verdict, 0), verdict: 'withheld' }
    const { failure, carried, given } = await carryOut(kind, peering, verdict, seen)
    const isWrite = carried && verdict.do !== 'nothing' && verdict.do !== 'warn'
    if (isWrite) {
      replaced.push(...replacedBy(verdict))
      last = { ...toOutcome(verdict, last.writes + 1), ...(replaced.length > 0 && { replaced }) }
    }
    if (failure instanceof ConflictError) continue
    if (failure) return { verdict: 'refused', why: failure.message, writes: last.writes }
    if (last.writes === 0) last = toOutcome(verdict, 0)
    if (given.writes > 0)
      last = { ...last, verdict: isWrite ? last.verdict : 'returned', writes: last.writes + given.writes }
    if (!isWrite || !seen.source || given.ended) return last
    // The deletion was only the first step: what is to follow it shows in the next look.
    if (verdict.do === 'delete' && (seen.gift || seen.outlived)) continue
    if (isSame(given.basis, await sight.basis())) return last
  }
  throw new ConflictError(
    peering.remote.id,
    `${kind.name} kept changing while it was reflected; it will be tried again`,
  )
}

/** What was lacking is written, so that another look is due. Its owner is told what keeps it from being so. */
async function hasProvided(kind: Kind, peering: Peering, seen: Observation): Promise<boolean> {
  try {
    return seen.lacking !== undefined && (await provide(kind, peering, seen.lacking))
  } catch (error) {
    await report(kind, peering, seen, { verdict: 'failed', error })
    throw error
  }
}

interface Given {
  writes: number
  /** The source's deletion was completed. */
  ended: boolean
  /** As observed, but for what was written to the source. */
  basis: readonly KubeObject[]
}

interface CarriedOut {
  /** An error that converge answers for; undefined when all went well. */
  failure?: ConflictError | IdentityError
  /** What the verdict asks for is done, whatever became of the way back. */
  carried: boolean
  given: Given
}

/**
 * The write that the verdict asks for, and then what is due to the source. While the target is being deleted nothing is
 * given: the source keeps what it has until the deletion shows.
 */
async function carryOut(kind: Kind, peering: Peering, verdict: Verdict, seen: Observation): Promise<CarriedOut> {
  const nothing: Given = { writes: 0, ended: false, basis: seen.basis }
  let made: KubeObject | undefined
  try {
    made = await apply(kind, peering, verdict)
  } catch (error) {
    if (error instanceof ConflictError) return { failure: error, carried: false, given: nothing }
    await report(kind, peering, seen, { verdict: 'failed', error })
    if (error instanceof IdentityError) return { failure: error, carried: false, given: nothing }
    if (isForPerson(error)) await giveBack(kind, peering, seen, error.message)
    throw error
  }
  await report(kind, peering, seen, verdict)
  if (verdict.do === 'delete') return { carried: true, given: nothing }
  try {
    return { carried: true, given: await giveBack(kind, peering, seen, refusalIn(verdict), made) }
  } catch (error) {
    if (error instanceof ConflictError) return { failure: error, carried: true, given: nothing }
    await report(kind, peering, seen, { verdict: 'ungiven', error })
    throw error
  }
}

async function giveBack(
  kind: Kind,
  peering: Peering,
  { source, gift, basis }: Observation,
  refusal: string | undefined,
  made?: KubeObject,
): Promise<Given> {
  const due = gift?.(refusal, timestamp(), made)
  if (!source || !due) return { writes: 0, ended: false, basis }
  const given = await give(kind, peering, source, due)
  return {
    writes: given.writes,
    ended: given.source === undefined,
    basis: basis.map((object) => (object === source ? (given.source ?? source) : object)),
  }
}

/** The target that the verdict has replaced, if any. */
function replacedBy(verdict: Verdict): Replaced[] {
  if (verdict.do === 'update') return [{ before: verdict.target, after: verdict.desired }]
  return verdict.do === 'delete' ? [{ before: verdict.target }] : []
}

function toOutcome(verdict: Verdict, writes: number): Outcome {
  return { verdict: verdict.verdict, writes, ...('why' in verdict ? { why: verdict.why } : {}) }
}

/** True when they are still the very objects that the write was forged from. */
function isSame(before: readonly KubeObject[], now: readonly KubeObject[]): boolean {
  const versions = (objects: readonly KubeObject[]) =>
    objects.map(({ metadata: { uid, resourceVersion } }) => `${uid} ${resourceVersion}`).join()
  return versions(before) === versions(now)
}

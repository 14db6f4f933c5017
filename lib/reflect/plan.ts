import type { KubeObject } from '../cluster/port.ts'
import type { NotReflected, Selection } from '../kinds/kind.ts'
import { contains } from './compare.ts'
import type { GiftOf } from './give.ts'
import { ALREADY_EXISTS } from './messages.ts'
import type { LackingOf } from './provide.ts'

/** What was seen of one key. Read in this order: target, source, then what `desired` needs. */
export interface Observation {
  target: KubeObject | undefined
  source: KubeObject | undefined
  /** The target bears this peering's marks and comes from this very key. */
  ours: boolean
  /** The target was made for an earlier source, and is not to be taken over. */
  outlived?: boolean
  /** Sources of the kind go by themselves in time. */
  expires?: boolean
  /** The target belongs to another flow of ours, e.g. a Secret of tokens made for a pod. */
  yielded: boolean
  /** Whether the source wants to be reflected; any value when there is no source. */
  selection: Selection
  /** Forged and stamped; undefined when there is nothing to forge. */
  desired: KubeObject | undefined
  /** What forge left out; part of the stamp, so that another notice is another desired target. */
  notices: readonly string[]
  /** What selection and desired depend on and events tell the changes of: the source, and what was read beside it. */
  basis: readonly KubeObject[]
  /** What is to be provided before the target can be as it should; absent where the kind provides nothing. */
  lacking?: LackingOf | undefined
  /** What is due to the source, whatever becomes of the target; absent where the kind gives nothing back. */
  gift?: GiftOf | undefined
}

export type Verdict =
  | { do: 'nothing'; verdict: 'absent' | 'equal' | 'terminating' | 'foreign' }
  | { do: 'nothing'; verdict: 'skipped'; selection: NotReflected; why: string }
  | { do: 'warn'; verdict: 'blocked'; why: string }
  | { do: 'create'; verdict: 'created'; desired: KubeObject; why?: string }
  | { do: 'update'; verdict: 'updated'; desired: KubeObject; target: KubeObject; why?: string }
  | { do: 'delete'; verdict: 'deleted'; target: KubeObject; why: string; deliberate?: true; quiet?: true }

/**
 * The truth table of reflection, first row that fits (`-` = any):
 *
 * | target | ours | source | selected | terminating | equal | verdict |
 * |---|---|---|---|---|---|---|
 * | no | - | no | - | - | - | absent |
 * | - | - | yes | no, keep | - | - | skipped |
 * | yes, of another flow | - | - | - | - | - | foreign |
 * | yes | no | no | - | - | - | foreign: nobody asked for it |
 * | yes | no | yes | - | - | - | blocked: reported, never touched |
 * | no | - | yes | no | - | - | skipped |
 * | yes | yes | - | - | yes | - | terminating: its last event wakes the key again |
 * | yes | yes | no | - | no | - | deleted |
 * | yes | yes | yes | no | no | - | deleted |
 * | yes, outlived | yes | yes | yes | no | - | deleted: the next look makes it anew |
 * | no | - | yes | yes | - | - | created |
 * | yes | yes | yes | yes | no | no | updated |
 * | yes | yes | yes | yes | no | yes | equal |
 */
export function plan(seen: Observation): Verdict {
  const { target, source, ours, yielded, outlived, selection, desired, notices } = seen
  if (!target && !source) return { do: 'nothing', verdict: 'absent' }
  const refused = source && !selection.reflect ? selection : undefined
  if (refused?.keep) return skipped(refused)
  if (target && (yielded || (!ours && !source))) return { do: 'nothing', verdict: 'foreign' }
  if (target && !ours) return { do: 'warn', verdict: 'blocked', why: ALREADY_EXISTS }
  if (!target && refused) return skipped(refused)
  if (target?.metadata.deletionTimestamp) return { do: 'nothing', verdict: 'terminating' }
  if (target && !source) {
    return {
      do: 'delete',
      verdict: 'deleted',
      target,
      why: 'source is gone',
      ...(seen.expires && { deliberate: true }),
    }
  }
  if (target && refused) {
    const { why, deliberate, quiet } = refused
    const how = { ...(deliberate && { deliberate }), ...(quiet && { quiet }) }
    return { do: 'delete', verdict: 'deleted', target, why, ...how }
  }
  if (target && outlived) return { do: 'delete', verdict: 'deleted', target, why: 'of an earlier source', quiet: true }
  if (!desired) throw new TypeError('an object to reflect needs its desired target')
  const told = notices.length > 0 && { why: notices.join('; ') }
  if (!target) return { do: 'create', verdict: 'created', desired, ...told }
  // The stamp is part of what is desired: another source, cluster or digest is another target.
  if (contains(target, desired)) return { do: 'nothing', verdict: 'equal' }
  return { do: 'update', verdict: 'updated', desired, target, ...told }
}

function skipped(selection: NotReflected): Verdict {
  return { do: 'nothing', verdict: 'skipped', selection, why: selection.why }
}

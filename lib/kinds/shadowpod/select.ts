import type { KubeObject } from '../../cluster/port.ts'
import { mapOf } from '../json.ts'
import type { Context, Found, Selection } from '../kind.ts'
import { isReflected } from '../meta.ts'
import { isTerminal } from '../pod/status.ts'

/**
 * | first that holds | its pod |
 * |---|---|
 * | it is not of this peering | is none of ours |
 * | it is being deleted | goes too |
 * | it has ended | stays as it is, or away: it never runs again |
 * | its pod was there, is gone, and was not to run for ever | stays away |
 * | | runs, and is made again when it is lost |
 *
 * Source of the rules: Liqo v1.2, `pkg/liqo-controller-manager/offloading/shadowpod-controller`; of pods with an end
 * (restartPolicy Never or OnFailure) Liqo makes another, which may do twice what the first had done unseen.
 */
export function selectShadowPod(shadow: KubeObject, context: Context, found: Found): Selection {
  if (!isReflected(shadow, context)) return away('it is of another peering')
  if (shadow.metadata.deletionTimestamp) {
    return { reflect: false, quiet: true, deliberate: true, why: 'the ShadowPod is being deleted' }
  }
  if (isTerminal(shadow.status)) return away('the pod has ended')
  return isLost(shadow, found) ? away('the pod is lost') : { reflect: true }
}

function away(why: string): Selection {
  return { reflect: false, keep: true, quiet: true, why }
}

/**
 * The ShadowPod has seen its pod, and now there is none: whether it had ended nobody can tell. The pod was looked for
 * after the ShadowPod, so that this holds although both are written all the time.
 */
export function isLost(shadow: KubeObject, { pods = [] }: Found): boolean {
  return hasEnd(mapOf(shadow.spec).pod) && Boolean(mapOf(shadow.status).podUID) && pods.length === 0
}

/** Whether a pod of this spec is to run to an end. */
export function hasEnd(podSpec: unknown): boolean {
  const { restartPolicy } = mapOf(podSpec)
  return restartPolicy === 'Never' || restartPolicy === 'OnFailure'
}

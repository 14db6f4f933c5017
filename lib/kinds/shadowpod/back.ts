import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../../cluster/port.ts'
import { type Json, mapOf } from '../json.ts'
import type { Context, Gift, Seen } from '../kind.ts'
import { filled, isReflected } from '../meta.ts'
import { SHADOW_REFUSED } from '../pod/refusal.ts'
import { livesOf } from '../pod/restarts.ts'
import { isPodOf } from '../pod/select.ts'
import { isTerminal, phaseOf } from '../pod/status.ts'
import { isLost } from './select.ts'

/** Characters of a message. */
const MAX_MESSAGE = 1024

/**
 * The status of a ShadowPod: the memory of its pods, which outlives each of them.
 *
 * | ShadowPod | Pod | status |
 * |---|---|---|
 * | of another peering, or ended | - | stays |
 * | - | there | its phase, its uid, and the restarts of all pods so far |
 * | - | not ours, or refused | Pending, and why |
 * | its pod is lost | gone | Failed |
 * | - | gone | stays |
 */
export function shadowPodGift(seen: Seen, context: Context): Gift | undefined {
  const { source: shadow, found, refusal } = seen
  if (!isReflected(shadow, context) || isTerminal(shadow.status)) return undefined
  // One just made is told of at once: should it end and be lost before the next look, it is still known to have been.
  const pod = [...(found.pods ?? []), ...(seen.made ? [seen.made] : [])].find(
    (one) => isReflected(one, context) && isPodOf(one, shadow),
  )
  const before = mapOf(shadow.status)
  const status = statusOf(shadow, pod, !seen.made && isLost(shadow, found), refusal)
  return !status || isDeepStrictEqual(filled(before), filled(status)) ? undefined : { status }
}

function statusOf(
  shadow: KubeObject,
  pod: KubeObject | undefined,
  lost: boolean,
  refusal: string | undefined,
): Json | undefined {
  const { podUID, restartCount, restarts } = mapOf(shadow.status)
  const memory = filled({ podUID, restartCount, restarts })
  const refused = refusal !== undefined && { reason: SHADOW_REFUSED, message: refusal.slice(0, MAX_MESSAGE) }
  if (pod) {
    const life = { uid: pod.metadata.uid ?? '', status: pod.status }
    return { phase: phaseOf(pod), ...livesOf(shadow.status, life), ...refused }
  }
  if (lost)
    return {
      ...memory,
      phase: 'Failed',
      reason: 'RemotePodLost',
      message: 'the pod is gone, and how it ended is not known',
    }
  return refused ? { ...memory, phase: 'Pending', ...refused } : undefined
}

import { type Json, mapOf, mapsOf } from '../json.ts'

/** Condition of a home pod: the remote cluster does not take it, or a change of it, and why. */
export const REFUSED = 'offloading.heliograph.io/Refused'

/** Reason in the status of a ShadowPod that has no pod. */
export const SHADOW_REFUSED = 'Refused'

/** Characters of a message. */
const MAX_MESSAGE = 1024

/** Why a ShadowPod has no pod, as its status says. */
export function refusalOf(shadowStatus: unknown): string | undefined {
  const { reason, message } = mapOf(shadowStatus)
  return reason === SHADOW_REFUSED && typeof message === 'string' ? message : undefined
}

/** The status with the condition, which keeps its time while it stays. */
export function withRefusal(status: Json, before: unknown, why: string, now: string): Json {
  const others = mapsOf(status.conditions).filter(({ type }) => type !== REFUSED)
  const old = mapsOf(mapOf(before).conditions).find(({ type }) => type === REFUSED)
  const condition = {
    type: REFUSED,
    status: 'True',
    reason: 'RemoteClusterRefused',
    message: why.slice(0, MAX_MESSAGE),
    lastTransitionTime: old?.lastTransitionTime ?? now,
  }
  return { ...status, conditions: [...others, condition] }
}

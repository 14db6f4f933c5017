import { eachMap, isMap, type Json, mapOf } from '../json.ts'

/** Reasons of an end, or of a wait, that no container brought about. */
export type EndReason = 'OffloadingBackOff' | 'OffloadingAborted' | 'RemotePodTerminated'

/**
 * The home pod's status where no remote pod's can be shown: the pod is refused, or has ended out of sight. Conditions
 * that were true are false from `now`, containers not ready, and in a terminal phase those without an end get one.
 * Source of the rule: Liqo v1.2, `LocalRejectedPod` in `forge/pods.go`.
 * @param now RFC 3339, in seconds
 */
export function endedPodStatus(status: unknown, phase: string, reason: EndReason, now: string): Json {
  const before = mapOf(status)
  const containers = (field: string) =>
    field in before ? { [field]: eachMap(before[field], (one) => endedContainer(one, phase, reason)) } : {}
  return {
    ...before,
    phase,
    reason,
    ...('conditions' in before && {
      conditions: eachMap(before.conditions, (condition) =>
        condition.status === 'True' ? { ...condition, status: 'False', reason, lastTransitionTime: now } : condition,
      ),
    }),
    ...containers('initContainerStatuses'),
    ...containers('containerStatuses'),
    ...containers('ephemeralContainerStatuses'),
  }
}

function endedContainer(container: Json, phase: string, reason: EndReason): Json {
  const isOver = phase !== 'Pending' && !isMap(mapOf(container.state).terminated)
  const exitCode = phase === 'Succeeded' ? 0 : 1
  return {
    ...container,
    ready: false,
    ...(isOver && { state: { terminated: { exitCode, reason } } }),
  }
}

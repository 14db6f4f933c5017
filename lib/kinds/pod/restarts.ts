import { mapOf, mapsOf } from '../json.ts'

/** Of a ShadowPod's status: which pod it saw last, and the restarts of all pods before it. */
export interface Lives {
  podUID?: string
  /** Restarts of the first container of that pod, when it was last seen. */
  restartCount?: number
  /** Restarts that earlier pods had, each end of one counted as one more. */
  restarts?: number
}

/** The lives of a shadow pod once this remote pod is seen: a pod of another uid is a restart of the former one. */
export function livesOf(shadowStatus: unknown, pod: { uid: string; status: unknown }): Required<Lives> {
  const before = mapOf(shadowStatus) as Lives
  const isNext = before.podUID !== undefined && before.podUID !== '' && before.podUID !== pod.uid
  const earlier = isNext ? (before.restartCount ?? 0) + 1 : 0
  return {
    podUID: pod.uid,
    restartCount: countOf(mapsOf(mapOf(pod.status).containerStatuses)[0]),
    restarts: (before.restarts ?? 0) + earlier,
  }
}

/**
 * Restarts to add to each container's count, so that the home pod's never falls. Of a ShadowPod that does not keep
 * them, as Liqo's, they are what the home pod's first container is ahead of the remote one of its name.
 */
export function earlierRestarts(shadowStatus: unknown, pod: { uid: string; status: unknown }, home: unknown): number {
  if (typeof mapOf(shadowStatus).restarts === 'number') return livesOf(shadowStatus, pod).restarts
  const first = mapsOf(mapOf(home).containerStatuses)[0]
  if (!first) return 0
  const same = mapsOf(mapOf(pod.status).containerStatuses).find(({ name }) => name === first.name)
  return Math.max(0, countOf(first) - countOf(same))
}

function countOf(container: { restartCount?: unknown } | undefined): number {
  const count = container?.restartCount
  return typeof count === 'number' ? count : 0
}

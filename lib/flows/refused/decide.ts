import type { KubeObject } from '../../cluster/port.ts'
import { type Json, mapOf, mapsOf } from '../../kinds/json.ts'
import type { Gift } from '../../kinds/kind.ts'
import { endedPodStatus } from '../../kinds/pod/ended.ts'
import { ABORTED } from '../../kinds/pod/select.ts'
import { isShown } from '../../kinds/pod/shown.ts'
import { isTerminal } from '../../kinds/pod/status.ts'
import { reflectionDisabled } from '../../reflect/messages.ts'

/**
 * What is due to a pod that was sent to a cluster to which its namespace is not offloaded, so that nobody there will
 * run it.
 *
 * | pod | given |
 * |---|---|
 * | being deleted | its end |
 * | ended | nothing |
 * | Pending, no container known | Pending, `OffloadingBackOff`: it runs once the namespace is offloaded |
 * | any other | Failed, `OffloadingAborted`, for good: its controller makes another |
 *
 * Source of the rule: Liqo v1.2, `pkg/virtualKubelet/reflection/workload/pod.go`.
 * @param now RFC 3339, in seconds
 */
export function refusedPodGift(pod: KubeObject, remote: string, now: string): Gift | undefined {
  if (pod.metadata.deletionTimestamp) return { end: true }
  if (isTerminal(pod.status)) return undefined
  const status = statusOf(pod.status, now)
  if (isShown(mapOf(pod.status), status)) return undefined
  const message = reflectionDisabled(remote, pod.metadata.namespace ?? '')
  return { status, warning: { reason: 'ReflectionDisabled', message } }
}

/** Whether the home pod is over with it: not one that only waits. */
export function isLast({ end, status }: Gift): boolean {
  return end === true || isTerminal(status)
}

function statusOf(status: unknown, now: string): Json {
  const { phase = 'Pending', containerStatuses } = mapOf(status)
  return phase === 'Pending' && mapsOf(containerStatuses).length === 0
    ? endedPodStatus(status, 'Pending', 'OffloadingBackOff', now)
    : endedPodStatus(status, 'Failed', ABORTED, now)
}

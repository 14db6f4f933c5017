import type { KubeObject } from '../../cluster/port.ts'

/**
 * Gated offloading (OFFLOADING_MODE=gate): admission puts a scheduling gate on a pod that is to run elsewhere, and the
 * gate names the chosen cluster, e.g. `offloading.heliograph.io/milan`. It is never taken off: the home scheduler leaves
 * the pod alone for good, and its status comes from the remote cluster. Gates can only be set when a pod is created, so
 * the choice cannot change later.
 */
export const GATE_PREFIX = 'offloading.heliograph.io/'

/** Name of the gate that sends a pod to that cluster (ClusterID, a DNS label, so the name is a valid qualified name). */
export function gateName(remote: string): string {
  return `${GATE_PREFIX}${remote}`
}

/** ClusterID that a pod is gated for; undefined for a pod without our gate. The first of several counts. */
export function gatedFor(pod: KubeObject): string | undefined {
  const { schedulingGates } = (pod.spec ?? {}) as { schedulingGates?: { name?: string }[] | null }
  const ours = schedulingGates?.find(({ name }) => name?.startsWith(GATE_PREFIX))
  return ours?.name?.slice(GATE_PREFIX.length) || undefined
}

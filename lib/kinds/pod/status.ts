import type { KubeObject } from '../../cluster/port.ts'
import { podIPsAtHome } from '../../policy/lists.ts'
import type { Refusal } from '../../policy/outcome.ts'
import type { Policy } from '../../policy/policy.ts'
import { eachMap, isMap, type Json, mapOf, mapsOf } from '../json.ts'
import { bounded } from './bounded.ts'

/**
 * Fields of a remote pod's status that are let in. What else a cluster says about a pod is its own; a field of a later
 * version is added here when its meaning at home is known, for this direction is not to be trusted.
 */
const LET_IN = [
  'allocatedResources',
  'conditions',
  'containerStatuses',
  'ephemeralContainerStatuses',
  'initContainerStatuses',
  'message',
  'nominatedNodeName',
  'phase',
  'qosClass',
  'reason',
  'resize',
  'resourceClaimStatuses',
  'resources',
  'startTime',
]

/** What is known besides the two statuses. */
export interface Mapping {
  policy: Policy
  /** Address of the virtual node; empty where there is none. */
  nodeIP: string
  /** Restarts that the remote pod knows nothing of. */
  restarts: number
}

export interface HomeStatus {
  status: Json
  /** Addresses that the policy keeps out. */
  refused: readonly Refusal[]
}

/**
 * The home pod's status, from the remote pod's. Source of the rules: Liqo v1.2, `forge/pods.go`, but: both address
 * families are kept, an address that cannot be translated is left out, and the home pod's QoS class stays, which the
 * API server lets nobody change.
 */
export function homePodStatus(home: unknown, remote: unknown, { policy, nodeIP, restarts }: Mapping): HomeStatus {
  const given = mapOf(bounded(remote))
  const { podIP, podIPs, refused } = podIPsAtHome(policy, addressesOf(given))
  const { qosClass } = mapOf(home)
  const kept = Object.fromEntries(
    LET_IN.filter((field) => given[field] !== undefined).map((field) => [field, given[field]]),
  )
  return {
    status: {
      ...kept,
      ...(Array.isArray(given.containerStatuses) && {
        containerStatuses: eachMap(given.containerStatuses, (one) => restarted(one, restarts)),
      }),
      ...(qosClass !== undefined && { qosClass }),
      ...(podIP !== '' && { podIP, podIPs: podIPs.map((ip) => ({ ip })) }),
      ...(nodeIP !== '' && { hostIP: nodeIP, hostIPs: [{ ip: nodeIP }] }),
    },
    refused,
  }
}

/** `podIPs`, or `podIP` where it is alone. */
function addressesOf({ podIP, podIPs }: Json): string[] {
  const all = mapsOf(podIPs).flatMap(({ ip }) => (typeof ip === 'string' && ip !== '' ? [ip] : []))
  if (all.length > 0) return all
  return typeof podIP === 'string' && podIP !== '' ? [podIP] : []
}

function restarted(container: Json, restarts: number): Json {
  const { restartCount } = container
  return { ...container, restartCount: (typeof restartCount === 'number' ? restartCount : 0) + restarts }
}

/**
 * The phase of a remote pod, as far as it counts. A kubelet gives every pod that it takes down a last phase; for one
 * that is to run for ever that is no end, for another is made in its place.
 */
export function phaseOf({ metadata, spec, status }: KubeObject): string {
  const { phase = 'Pending' } = mapOf(status) as { phase?: string }
  const { restartPolicy = 'Always' } = mapOf(spec)
  const isTakenDown = metadata.deletionTimestamp !== undefined && restartPolicy === 'Always'
  return isTakenDown && isTerminal(status) ? 'Running' : phase
}

/** Whether the pod may still lack something that it cannot start without. */
export function isWaiting({ status }: KubeObject): boolean {
  return (mapOf(status).phase ?? 'Pending') === 'Pending'
}

/** Phases that a pod never leaves. */
export function isTerminal(status: unknown): boolean {
  const phase = isMap(status) ? status.phase : undefined
  return phase === 'Succeeded' || phase === 'Failed'
}

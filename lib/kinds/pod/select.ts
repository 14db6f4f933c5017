import type { KubeObject } from '../../cluster/port.ts'
import { nodeName, REMOTE_CLUSTER } from '../../flows/node/name.ts'
import { ALREADY_EXISTS } from '../../reflect/messages.ts'
import { mapOf, mapsOf } from '../json.ts'
import type { Context, Found, NotReflected, Selection } from '../kind.ts'
import { isReflected } from '../meta.ts'
import { hasEnd } from '../shadowpod/select.ts'
import { gatedFor } from './gate.ts'
import { isTerminal } from './status.ts'

/** Reason of a home pod that was given up; its controller makes another. */
export const ABORTED = 'OffloadingAborted' as const

type Peers = Pick<Context, 'home' | 'remote'>

/**
 * | first that holds | reflected |
 * |---|---|
 * | it is neither bound to a virtual node of the cluster nor gated for it | no |
 * | it is being deleted | no: the remote pod goes first, then it goes itself |
 * | it was given up | no, and nothing is left of it |
 * | it has ended | no, and what is there stays as it is until the pod is deleted: it never runs again |
 * | it was there, its ShadowPod is gone, and it was not to run for ever | no: it has ended unseen, or will |
 * | a remote pod of that name is not ours | no: told |
 *
 * Source of the rules: Liqo v1.2, `pkg/virtualKubelet/reflection/workload/podns.go`. The skip annotation says nothing
 * about pods: the scheduler has decided.
 */
export function selectPod(pod: KubeObject, context: Context, found: Found): Selection {
  if (!isOffloadedTo(pod, context, found.nodes ?? [])) return gone('the pod does not run there')
  if (pod.metadata.deletionTimestamp) return gone('the pod is being deleted')
  if (mapOf(pod.status).reason === ABORTED) return gone('the pod was given up')
  if (isTerminal(pod.status)) return { reflect: false, keep: true, quiet: true, why: 'the pod has ended' }
  if (isLost(pod, found)) return { reflect: false, keep: true, quiet: true, why: 'the pod is lost' }
  if (remotePod(found) && !remotePodOfOurs(found, context)) {
    return { reflect: false, keep: true, fault: true, why: ALREADY_EXISTS }
  }
  return { reflect: true }
}

/** Somebody wants it so: no sign of a glitch, whatever the number. */
function gone(why: string): NotReflected {
  return { reflect: false, quiet: true, deliberate: true, why }
}

/** By a virtual node of the cluster, which need not be there any more, or by our gate. */
export function isOffloadedTo(
  pod: KubeObject,
  { remote }: Pick<Context, 'remote'>,
  nodes: readonly KubeObject[],
): boolean {
  const { nodeName: bound } = mapOf(pod.spec)
  if (typeof bound !== 'string' || bound === '') return gatedFor(pod) === remote
  const node = nodes.find(({ metadata }) => metadata.name === bound)
  return node ? node.metadata.labels?.[REMOTE_CLUSTER] === remote : bound === nodeName(remote)
}

/** Home shows that a pod with an end was there, and not how it ended. */
export function wasSeen({ spec, status }: KubeObject): boolean {
  const { phase, containerStatuses } = mapOf(status)
  return hasEnd(spec) && !isTerminal(status) && (phase === 'Running' || mapsOf(containerStatuses).length > 0)
}

/**
 * Such a pod has no ShadowPod any more, which alone would know how it ended: another one would run it again. It was
 * looked for after the home pod, which tells of nothing that was not there, so that none that is just being made counts.
 */
export function isLost(pod: KubeObject, { shadows = [] }: Found): boolean {
  return wasSeen(pod) && shadows.length === 0
}

/** The pod of that name, whoever made it. */
export function remotePod({ pods = [] }: Found): KubeObject | undefined {
  return pods[0]
}

export function remotePodOfOurs(found: Found, peers: Peers): KubeObject | undefined {
  const pod = remotePod(found)
  return pod && isReflected(pod, peers) ? pod : undefined
}

/**
 * The pod was made for this ShadowPod, and not for an earlier one of its name, whose end would be taken for its own. A
 * pod that says nothing of an owner is taken for what its name says.
 */
export function isPodOf({ metadata }: KubeObject, shadow: KubeObject | undefined): boolean {
  const owners = mapsOf(metadata.ownerReferences)
  return shadow !== undefined && (owners.length === 0 || owners.some(({ uid }) => uid === shadow.metadata.uid))
}

/** Address of the node that the pod is bound to; empty where there is none. */
export function nodeIPOf(pod: KubeObject, { nodes = [] }: Found): string {
  const { nodeName: bound } = mapOf(pod.spec)
  const node = nodes.find(({ metadata }) => metadata.name === bound)
  const address = mapsOf(mapOf(node?.status).addresses).find(({ type }) => type === 'InternalIP')?.address
  return typeof address === 'string' ? address : ''
}

import type { KubeObject } from '../../cluster/port.ts'
import { NAMESPACE_OFFLOADING, NODE, POD } from '../../cluster/resources.ts'
import { pod as podKind } from '../../kinds/pod/kind.ts'
import { isOffloadedTo } from '../../kinds/pod/select.ts'
import type { Outcome } from '../../reflect/converge.ts'
import { give, timestamp } from '../../reflect/give.ts'
import { remoteNamespaces } from '../../reflect/pairs.ts'
import { contextOf, type Peering } from '../../reflect/peering.ts'
import { namespace as namespaceKind, selectNamespace } from '../namespace/kind.ts'
import { OFFLOADING_NAME, remoteNamespaceName } from '../namespace/name.ts'
import { NODE_TYPE, nodeName, REMOTE_CLUSTER, VIRTUAL_NODE } from '../node/name.ts'
import { isLast, refusedPodGift } from './decide.ts'

/**
 * Whether the cluster has no business with the namespace: it is not offloaded at all, or not to that cluster. Home alone
 * decides, so that a remote cluster out of reach, or another in its place, makes no pod fail. What is offloaded but has
 * no copy yet, or cannot have one, is waited for.
 */
export async function isRefused(peering: Peering, homeNamespace: string): Promise<boolean> {
  const offloading = await peering.home.get(NAMESPACE_OFFLOADING, { namespace: homeNamespace, name: OFFLOADING_NAME })
  if (!offloading) return true
  const remoteNamespace = remoteNamespaceName(offloading, homeNamespace, peering.home.id)
  const selection = selectNamespace(offloading, contextOf(peering, namespaceKind, { homeNamespace, remoteNamespace }))
  return !selection.reflect && !selection.keep
}

/**
 * Serves one pod of a namespace that `isRefused`. It is only ended, or given up, once nothing of it can be left in the
 * remote cluster: as long as a copy of the namespace is there, terminating or not, the remote pod may still run, and who
 * made the home pod would make another beside it.
 * @throws ConflictError when the pod changed meanwhile
 * @throws ClusterError as the clusters do
 */
export async function refusePod(peering: Peering, homeNamespace: string, name: string): Promise<Outcome> {
  const pod = await peering.home.get(POD, { namespace: homeNamespace, name })
  if (!pod || !isOffloadedTo(pod, { remote: peering.remote.id }, await virtualNodes(peering, pod))) return NOTHING
  const gift = refusedPodGift(pod, peering.remote.id, timestamp())
  if (!gift) return NOTHING
  if (isLast(gift) && (await remoteNamespaces(peering, homeNamespace)).length > 0) return NOTHING
  const { writes } = await give(podKind, peering, pod, gift)
  return { verdict: 'returned', why: gift.end ? 'the pod is deleted' : (gift.warning?.reason ?? ''), writes }
}

const NOTHING: Outcome = { verdict: 'unmapped', writes: 0 }

async function virtualNodes({ home }: Peering, { spec }: KubeObject): Promise<KubeObject[]> {
  if (!(spec as { nodeName?: string } | undefined)?.nodeName) return []
  return (await Array.fromAsync(home.list(NODE, { labelSelector: `${NODE_TYPE}=${VIRTUAL_NODE}` }))).flat()
}

/** The pods sent to the remote cluster, of one home namespace or of all, that have not ended. */
export async function podsFor(peering: Peering, homeNamespace?: string): Promise<KubeObject[]> {
  const { home, remote } = peering
  const labelSelector = `${NODE_TYPE}=${VIRTUAL_NODE},${REMOTE_CLUSTER}=${remote.id}`
  const nodes = (await Array.fromAsync(home.list(NODE, { labelSelector }))).flat()
  const bound = new Set([nodeName(remote.id), ...nodes.map(({ metadata }) => metadata.name)])
  const place = homeNamespace === undefined ? {} : { namespace: homeNamespace }
  const unfinished = 'status.phase!=Succeeded,status.phase!=Failed'
  // One with a gate is bound to no node all its life, also while it runs elsewhere.
  const selectors = [...bound, ''].map((name) => `spec.nodeName=${name},${unfinished}`)
  const found: KubeObject[] = []
  for (const fieldSelector of selectors) {
    for await (const page of home.list(POD, { ...place, fieldSelector })) {
      found.push(...page.filter((pod) => isOffloadedTo(pod, { remote: remote.id }, nodes)))
    }
  }
  return found
}

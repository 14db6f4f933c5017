import { KindMissingError } from '../../cluster/errors.ts'
import type { Cluster, KubeObject } from '../../cluster/port.ts'
import { NAMESPACE, NAMESPACE_OFFLOADING, SHADOW_POD } from '../../cluster/resources.ts'
import type { Offer } from '../../config/offloading.ts'
import { ORIGIN } from '../../kinds/meta.ts'
import type { Peering } from '../../reflect/peering.ts'
import { OFFLOADING_NAME } from '../namespace/name.ts'
import { validateOffloading } from '../namespace/validate.ts'
import { clusterLabels } from '../node/name.ts'
import { admitPod } from './admit-pod.ts'
import { admitOrigin, admitQuota, admitUpdate, originOf } from './admit-shadow-pod.ts'
import { type Decision, denied, PASS } from './answer.ts'
import type { AdmissionRequest } from './review.ts'

export interface AdmissionSettings {
  peerings: readonly Peering[]
  /** By ClusterID of the remote cluster. */
  offers: Readonly<Record<string, Pick<Offer, 'mode' | 'quota'>>>
  /** RuntimeClass whose pods place themselves. */
  runtimeClass: string
}

/**
 * Answers one admission request of a cluster. What is of no concern to us passes, and so does every pod in a namespace
 * without a NamespaceOffloading: a webhook registered too broadly must not hinder the cluster.
 * @param cluster ClusterID, from the caller's credential
 * @throws ClusterError when what the answer depends on cannot be read: the failurePolicy then decides
 */
export async function admit(
  cluster: string,
  request: AdmissionRequest,
  settings: AdmissionSettings,
): Promise<Decision> {
  switch (request.resource) {
    case 'pods':
      return request.operation === 'CREATE' ? onPod(cluster, request, settings) : PASS
    case 'namespaceoffloadings.offloading.liqo.io':
      return request.object ? validateOffloading(request.object, request.oldObject) : PASS
    case 'shadowpods.offloading.liqo.io':
      return onShadowPod(cluster, request, settings)
    default:
      return PASS
  }
}

async function onPod(
  cluster: string,
  { uid, namespace, object: pod }: AdmissionRequest,
  { peerings, offers, runtimeClass }: AdmissionSettings,
): Promise<Decision> {
  const own = peerings.filter(({ home }) => home.id === cluster)
  const home = own[0]?.home
  // System namespaces are never offloaded: the control plane's own pods wait for nobody.
  if (!home || !pod || namespace.startsWith('kube-')) return PASS
  const offloading = await offloadingOf(home, namespace)
  const candidates = own.map(({ remote: { id }, remoteLabels }) => ({
    remote: id,
    mode: offers[id]?.mode ?? ('virtual-node' as const),
    labels: clusterLabels(id, remoteLabels),
  }))
  return admitPod({ pod, uid, offloading, candidates, runtimeClass })
}

async function offloadingOf(home: Cluster, namespace: string): Promise<KubeObject | undefined> {
  try {
    return await home.get(NAMESPACE_OFFLOADING, { namespace, name: OFFLOADING_NAME })
  } catch (error) {
    // Without the custom resource nothing can be offloaded.
    if (error instanceof KindMissingError) return undefined
    throw error
  }
}

/**
 * The quota is counted from what the cluster holds at that moment, as nothing is remembered here: creations in the very
 * same instant may exceed it by what they have in common, and the next one is refused.
 */
async function onShadowPod(
  cluster: string,
  { operation, namespace, object: shadowPod, oldObject: old }: AdmissionRequest,
  { peerings, offers }: AdmissionSettings,
): Promise<Decision> {
  if (!shadowPod) return PASS
  if (operation === 'UPDATE' && old) return admitUpdate(shadowPod, old)
  const remote = peerings.map((peering) => peering.remote).find(({ id }) => id === cluster)
  if (!remote) return denied(`no cluster extends into ${cluster}: it takes no ShadowPods`)
  const origin = admitOrigin(shadowPod, await remote.get(NAMESPACE, { name: namespace }))
  const quota = offers[cluster]?.quota
  if (!origin.allowed || !quota) return origin
  return admitQuota(shadowPod, await shadowPodsOf(remote, originOf(shadowPod) ?? ''), quota)
}

async function shadowPodsOf(remote: Cluster, origin: string): Promise<KubeObject[]> {
  const found: KubeObject[] = []
  for await (const page of remote.list(SHADOW_POD, { labelSelector: `${ORIGIN}=${origin}` })) found.push(...page)
  return found
}

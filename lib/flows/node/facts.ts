import { type Amounts, plus } from '../../capacity/amounts.ts'
import type { Cluster, KubeObject, Resource } from '../../cluster/port.ts'
import { NODE, POD } from '../../cluster/resources.ts'
import type { KubeletEndpoint, Offer } from '../../config/offloading.ts'
import type { Peering } from '../../reflect/peering.ts'
import type { NodeFacts } from './forge.ts'
import { offerOf, survey, takenBy, toResourceList } from './offer.ts'
import { tunnelOf } from './tunnel.ts'

export interface FactsOptions {
  offer: Pick<Offer, 'share' | 'quota'>
  /** Where the virtual nodes' kubelet API is served. */
  kubelet?: KubeletEndpoint
}

/**
 * Looks at the remote cluster, and at the tunnel to it where there should be one.
 * @throws ClusterError
 */
export async function factsOf(
  peering: Peering,
  clusterUid: string,
  { offer, kubelet }: FactsOptions,
): Promise<NodeFacts> {
  const { home, remote, remoteLabels: labels } = peering
  const { allocatable, nodes, kubeletVersion } = survey(await all(remote, NODE))
  const taken = await takenIn(remote, nodes, home.id)
  return {
    home: home.id,
    remote: remote.id,
    labels,
    clusterUid,
    capacity: toResourceList(offerOf(allocatable, taken, offer.share, offer.quota)),
    kubeletVersion,
    network: await tunnelOf(peering),
    ...(kubelet && { kubelet }),
  }
}

/** Page by page: of tens of thousands of pods only the sums are kept. */
async function takenIn(remote: Cluster, nodes: ReadonlySet<string>, home: string): Promise<Amounts> {
  let taken: Amounts = {}
  for await (const page of remote.list(POD)) for (const pod of page) taken = plus(taken, takenBy(pod, nodes, home))
  return taken
}

async function all(cluster: Cluster, resource: Resource): Promise<KubeObject[]> {
  const found: KubeObject[] = []
  for await (const page of cluster.list(resource)) found.push(...page)
  return found
}

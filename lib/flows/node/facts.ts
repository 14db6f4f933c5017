import { type Amounts, plus } from '../../capacity/amounts.ts'
import { KindMissingError } from '../../cluster/errors.ts'
import type { Cluster, KubeObject, Resource } from '../../cluster/port.ts'
import { NODE, POD, TUNNEL_ENDPOINT } from '../../cluster/resources.ts'
import type { KubeletEndpoint, Offer } from '../../config/offloading.ts'
import { meaningOf } from '../../policy/flags.ts'
import type { Peering } from '../../reflect/peering.ts'
import type { NodeFacts } from './forge.ts'
import { offerOf, survey, takenBy, toResourceList } from './offer.ts'

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
  const { home, remote, remoteLabels: labels, networks } = peering
  const { allocatable, nodes, kubeletVersion } = survey(await all(remote, NODE))
  const taken = await takenIn(remote, nodes, home.id)
  const isChecked = meaningOf(networks.home, networks.remote).nodeNetworkCondition
  return {
    home: home.id,
    remote: remote.id,
    labels,
    clusterUid,
    capacity: toResourceList(offerOf(allocatable, taken, offer.share, offer.quota)),
    kubeletVersion,
    network: isChecked ? await tunnelTo(peering) : undefined,
    ...(kubelet && { kubelet }),
  }
}

/** Page by page: of tens of thousands of pods only the sums are kept. */
async function takenIn(remote: Cluster, nodes: ReadonlySet<string>, home: string): Promise<Amounts> {
  let taken: Amounts = {}
  for await (const page of remote.list(POD)) for (const pod of page) taken = plus(taken, takenBy(pod, nodes, home))
  return taken
}

/** Whether our fabric reaches the remote cluster: its TunnelEndpoint at home says so. */
async function tunnelTo({ home, remote: { id } }: Peering): Promise<NonNullable<NodeFacts['network']>> {
  try {
    const [endpoint] = await all(home, TUNNEL_ENDPOINT, `clusterID=${id}`)
    const { connection } = (endpoint?.status ?? {}) as { connection?: { status?: string } }
    if (connection?.status === 'Connected') return { isUp: true, why: `The tunnel to cluster ${id} is up` }
    return {
      isUp: false,
      why: endpoint ? `The tunnel to cluster ${id} is ${connection?.status ?? 'not up yet'}` : NO_TUNNEL,
    }
  } catch (error) {
    if (error instanceof KindMissingError) return { isUp: false, why: NO_TUNNEL }
    throw error
  }
}

const NO_TUNNEL =
  'There is no tunnel to the cluster; where another network joins the clusters, or none, set NETWORKING_INTERNAL=false'

async function all(cluster: Cluster, resource: Resource, labelSelector?: string): Promise<KubeObject[]> {
  const found: KubeObject[] = []
  for await (const page of cluster.list(resource, labelSelector ? { labelSelector } : {})) found.push(...page)
  return found
}

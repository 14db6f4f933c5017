import type { Cluster } from '../../cluster/port.ts'
import type { GatewaySettings } from '../../config/network.ts'
import type { Log } from '../../log.ts'
import { type FlaggedCluster, meaningOf } from '../../policy/flags.ts'
import type { AddressPlan } from '../../policy/plan.ts'

/** One cluster as the internal network sees it. */
export interface NetworkCluster extends FlaggedCluster {
  readonly api: Cluster
  /** Its CIDRs as configured; of each kind the first IPv4 one is negotiated, as in Liqo. */
  readonly plan: AddressPlan
  readonly reservedSubnets: readonly string[]
  readonly gateway: GatewaySettings
}

/** All clusters of the configuration, also those that no peering names (any more). */
export interface NetworkWorld {
  readonly clusters: readonly NetworkCluster[]
  /** Who extends into whom; for the network both directions are one. */
  readonly peerings: readonly { readonly home: string; readonly remote: string }[]
  /** Bytes of an IP packet in a tunnel. */
  readonly mtu: number
  readonly log: Log
}

/** Two clusters to be joined, in the order of their ClusterIDs. */
export type ClusterPair = readonly [NetworkCluster, NetworkCluster]

/** The pairs whose both sides want the internal network, each once. */
export function pairsOf({ clusters, peerings }: NetworkWorld): ClusterPair[] {
  const sorted = clusters.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const isPeered = (a: string, b: string) =>
    peerings.some(({ home, remote }) => (home === a && remote === b) || (home === b && remote === a))
  return sorted.flatMap((one, index) =>
    sorted
      .slice(index + 1)
      .filter((other) => isPeered(one.id, other.id) && meaningOf(one, other).networkFlow)
      .map((other): ClusterPair => [one, other]),
  )
}

/** ClusterIDs that a cluster is to be joined with. */
export function peersOf(world: NetworkWorld, { id }: Pick<NetworkCluster, 'id'>): string[] {
  return pairsOf(world).flatMap(([one, other]) => (one.id === id ? [other.id] : other.id === id ? [one.id] : []))
}

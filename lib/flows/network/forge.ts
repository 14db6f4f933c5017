import { apiVersionOf, type KubeObject } from '../../cluster/port.ts'
import { NETWORK_CONFIG, SYSTEM_NAMESPACE, TUNNEL_ENDPOINT } from '../../cluster/resources.ts'
import type { Hindrance } from './hindrance.ts'
import type { PairOfCIDRs } from './ipam.ts'
import { managed } from './names.ts'
import type { Parameters } from './parameters.ts'

/** As in Liqo, whose only backend it is too. */
const BACKEND = 'wireguard'

/** What a cluster says of itself; parts that it does not know yet are absent. */
export type Offer = Partial<PairOfCIDRs & Parameters>

/** What became of an offer: the receiver's names, and what hinders it (or keeps it from being brought up to date). */
export interface Answer {
  readonly names?: PairOfCIDRs
  readonly hindrance?: Hindrance
}

/**
 * Parameters of one cluster for another, as the sender keeps them or as the receiver does.
 * @param peer ClusterID of the other cluster
 * @param receiver ClusterID of that of the two which is told
 */
export function networkConfig(
  { name, peer, receiver }: { name: string; peer: string; receiver: string },
  offer: Offer,
  { names, hindrance }: Answer,
): KubeObject {
  const { podCIDR, externalCIDR, endpointIP, port, publicKey } = offer
  return {
    apiVersion: apiVersionOf(NETWORK_CONFIG),
    kind: NETWORK_CONFIG.kind,
    metadata: { name, namespace: SYSTEM_NAMESPACE, labels: managed(peer) },
    spec: {
      cluster: { clusterID: receiver, clusterName: receiver },
      ...(podCIDR && { podCIDR }),
      ...(externalCIDR && { externalCIDR }),
      ...(endpointIP && { endpointIP }),
      backendType: BACKEND,
      ...(publicKey && port && { backend_config: { publicKey, port } }),
    },
    status: {
      processed: names !== undefined,
      ...(names && { podCIDRNAT: names.podCIDR, externalCIDRNAT: names.externalCIDR }),
      ...(hindrance && { reason: hindrance.reason, message: hindrance.message }),
    },
  }
}

/** One end of an agreed tunnel. */
export interface TunnelSide {
  readonly cidrs: PairOfCIDRs
  /** What the other cluster calls them. */
  readonly names: PairOfCIDRs
}

/** Liqo's fields: `localNAT…` is the peer's name for ours, `remoteNAT…` ours for the peer's. */
export function tunnelEndpoint(peer: string, local: TunnelSide, remote: TunnelSide, gateway: Parameters): KubeObject {
  const { endpointIP, port, publicKey } = gateway
  return {
    apiVersion: apiVersionOf(TUNNEL_ENDPOINT),
    kind: TUNNEL_ENDPOINT.kind,
    metadata: { name: peer, namespace: SYSTEM_NAMESPACE, labels: managed(peer) },
    spec: {
      clusterIdentity: { clusterID: peer, clusterName: peer },
      localPodCIDR: local.cidrs.podCIDR,
      localNATPodCIDR: local.names.podCIDR,
      localExternalCIDR: local.cidrs.externalCIDR,
      localNATExternalCIDR: local.names.externalCIDR,
      remotePodCIDR: remote.cidrs.podCIDR,
      remoteNATPodCIDR: remote.names.podCIDR,
      remoteExternalCIDR: remote.cidrs.externalCIDR,
      remoteNATExternalCIDR: remote.names.externalCIDR,
      endpointIP,
      backendType: BACKEND,
      backend_config: { port, publicKey },
    },
  }
}

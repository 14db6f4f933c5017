/** What the network function would have negotiated for the clusters of the test, as it stands in each. */
import { eventually } from '../../infra/local/eventually.ts'
import { type Fabric, type FabricPeer, renderFabric } from '../../lib/flows/network/fabric/index.ts'
import { DEFAULT_MTU } from '../../lib/flows/network/fabric/names.ts'
import type { TunnelCIDRs } from '../../lib/policy/tunnel.ts'
import type { Agent } from './agent.ts'
import { LIQO } from './api.ts'
import type { Site } from './site.ts'
import { POD_CIDR } from './topology.ts'

export const EXTERNAL_CIDR = '10.61.0.0/16'

/** How one cluster calls another's pods and external addresses. */
export interface Names {
  readonly pods: string
  readonly externals: string
}

/**
 * The tunnel as a cluster sees it: what it calls the peer, and what the peer calls it.
 * @param own pod CIDRs, where they are not the same
 */
export function tunnelCIDRs(remote: Names, local: Names, own = { remote: POD_CIDR, local: POD_CIDR }): TunnelCIDRs {
  return {
    localPodCIDR: own.local,
    localNATPodCIDR: local.pods,
    localExternalCIDR: EXTERNAL_CIDR,
    localNATExternalCIDR: local.externals,
    remotePodCIDR: own.remote,
    remoteNATPodCIDR: remote.pods,
    remoteExternalCIDR: EXTERNAL_CIDR,
    remoteNATExternalCIDR: remote.externals,
  }
}

export async function peerOf(
  site: Site,
  cidrs: TunnelCIDRs,
  mappings: FabricPeer['mappings'] = {},
): Promise<FabricPeer> {
  return { id: site.id, publicKey: await site.publicKey(), endpoint: `${site.publicIP}:5871`, cidrs, mappings }
}

export interface FabricChanges extends Partial<Omit<Fabric, 'gateway'>> {
  /** `none`: it is not known where it is. */
  readonly gateway?: Fabric['gateway'] | 'none'
}

export function fabricOf(site: Site, peers: readonly FabricPeer[], changes: FabricChanges = {}): Fabric {
  const { gateway = { node: site.plan.nodes[0].name, ip: site.plan.gatewayIP }, ...rest } = changes
  return {
    cluster: site.id,
    peers,
    nodes: site.plan.nodes,
    mtu: DEFAULT_MTU,
    ...rest,
    ...(gateway === 'none' ? {} : { gateway }),
  }
}

/**
 * Writes a fabric as the function does, and a TunnelEndpoint for each peer, in whose status the gateway tells. Returns
 * when every agent has it in force.
 */
export async function configure(site: Site, fabric: Fabric): Promise<void> {
  for (const { id, publicKey, cidrs } of fabric.peers) {
    const spec = {
      clusterIdentity: { clusterID: id },
      ...cidrs,
      endpointIP: '192.0.2.1',
      backendType: 'wireguard',
      backend_config: { publicKey, port: '5871' },
    }
    const tunnel = { apiVersion: 'net.liqo.io/v1alpha1', kind: 'TunnelEndpoint', metadata: { name: id }, spec }
    await site.apply(`tunnelendpoints/${id}`, tunnel, LIQO)
  }
  const agents = [site.agents.gateway, ...site.agents.routes]
  const before = agents.map(timesInForce)
  if (!(await site.configure(renderFabric(fabric)))) return
  await eventually(`the configuration of ${site.id} in force`, async () => {
    const lines = agents.map((agent) => agent.lines.at(-1))
    return agents.every((agent, i) => timesInForce(agent) > before[i]!) || Promise.reject(new Error(lines.join('\n')))
  })
}

function timesInForce({ lines }: Agent): number {
  return lines.filter((line) => line.includes('configuration in force')).length
}

/** Waits until the gateway says so of a peer. */
export async function connected(site: Site, peer: string): Promise<void> {
  await eventually(`${site.id} connected to ${peer}`, async () => {
    const connection = await site.connection(peer)
    return connection.status === 'Connected' || Promise.reject(new Error(JSON.stringify(connection)))
  })
}

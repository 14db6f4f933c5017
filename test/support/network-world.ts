import {
  CONFIGMAP,
  DAEMON_SET,
  DEPLOYMENT,
  ENDPOINT_MAPPING,
  IPAM_STORAGE,
  NAMESPACE,
  NETWORK_CONFIG,
  NODE,
  POD,
  SECRET,
  SERVICE,
  SYSTEM_NAMESPACE,
  TUNNEL_ENDPOINT,
} from '../../lib/cluster/resources.ts'
import { GATEWAY, GATEWAY_KEY, WIREGUARD_PORT } from '../../lib/flows/network/fabric/names.ts'
import { managed } from '../../lib/flows/network/names.ts'
import { type Attempt, everything, serveNetwork } from '../../lib/flows/network/serve.ts'
import type { NetworkCluster, NetworkWorld } from '../../lib/flows/network/world.ts'
import { logger } from '../../lib/log.ts'
import { type MemoryCluster, memoryCluster } from './memory-cluster.ts'

/** Clusters in memory that are to be joined, as people, clouds and agents leave them. */
export interface MemoryNetwork extends NetworkWorld {
  readonly clusters: readonly MemoryNetworkCluster[]
  readonly lines: readonly Record<string, unknown>[]
}

export interface MemoryNetworkCluster extends NetworkCluster {
  readonly api: MemoryCluster
}

/** With Liqo's defaults, the same in each. */
const PLAN = { podCIDRs: ['10.244.0.0/16'], externalCIDRs: [], serviceCIDRs: ['10.96.0.0/12'] }

/** A cluster that is ready for the internal network. */
export function networkCluster(id: string, change: Partial<NetworkCluster> = {}): MemoryNetworkCluster {
  const api = memoryCluster({ id })
  api.user.create(NAMESPACE, { metadata: { name: SYSTEM_NAMESPACE } })
  return {
    id,
    networking: { internal: true, reflectIPs: true },
    plan: PLAN,
    reservedSubnets: [],
    gateway: { serviceType: 'LoadBalancer', annotations: {}, image: 'registry.example/gateway:1' },
    ...change,
    api,
  }
}

/** @param clusters each extends into all that come after it */
export function networkOf(...clusters: readonly MemoryNetworkCluster[]): MemoryNetwork {
  const lines: Record<string, unknown>[] = []
  const peerings = clusters.flatMap(({ id: home }, index) =>
    clusters.slice(index + 1).map(({ id: remote }) => ({ home, remote })),
  )
  return { clusters, peerings, mtu: 1340, log: logger('debug', (line) => void lines.push(JSON.parse(line))), lines }
}

/** A public key for each cluster: 32 bytes that its name makes. */
export function keyOf(id: string): string {
  return Buffer.from(id.padEnd(32)).toString('base64')
}

/** What a cloud and the gateway's agent do once the gateway is there. */
export function connectGateway({ api }: MemoryNetworkCluster, address = `192.0.2.${api.id.length}`): void {
  const gateway = { namespace: SYSTEM_NAMESPACE, name: GATEWAY }
  api.user.edit(SERVICE, gateway, (service) =>
    Object.assign(service, { status: { loadBalancer: { ingress: [{ ip: address }] } } }),
  )
  const labels = { ...managed(), 'net.liqo.io/key': 'wireguard' }
  const metadata = { namespace: SYSTEM_NAMESPACE, name: GATEWAY_KEY, labels }
  api.user.create(CONFIGMAP, { metadata, data: { publicKey: keyOf(api.id) } })
  api.user.create(SECRET, { metadata, data: { privateKey: 'c2VjcmV0' } })
}

export const PORT = String(WIREGUARD_PORT)

/** Runs one pass over all; an error is thrown. @returns what became of each part, by its name */
export async function pass(world: NetworkWorld, mode: 'act' | 'report' = 'act'): Promise<Record<string, unknown>> {
  const outcomes: Record<string, unknown> = {}
  const attempt: Attempt = async (what, part) => {
    outcomes[what] = await part()
  }
  await serveNetwork(world, everything(world), attempt, mode)
  return outcomes
}

/** Passes, with what clouds and agents do in between, until a tunnel is there. */
export async function join(world: MemoryNetwork): Promise<void> {
  await pass(world)
  for (const cluster of world.clusters) connectGateway(cluster)
  await pass(world)
}

/** All objects of the internal network in a cluster, without what the API server adds. */
export function stateOf({ api }: MemoryNetworkCluster): Record<string, unknown> {
  const kinds = [
    NETWORK_CONFIG,
    TUNNEL_ENDPOINT,
    IPAM_STORAGE,
    ENDPOINT_MAPPING,
    SERVICE,
    DEPLOYMENT,
    DAEMON_SET,
    SECRET,
    CONFIGMAP,
    NODE,
    POD,
  ]
  const objects = kinds.flatMap((resource) => api.all(resource).map((object) => ({ resource, object })))
  return Object.fromEntries(
    objects.map(({ resource, object: { spec, status, data, metadata } }) => {
      const { labels, annotations } = metadata
      return [`${resource.kind} ${metadata.name}`, { spec, status, data, labels, annotations }]
    }),
  )
}

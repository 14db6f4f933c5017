import type { KubeObject } from '../../lib/cluster/port.ts'
import {
  ENDPOINT_MAPPING,
  ENDPOINT_SLICE,
  NAMESPACE,
  SYSTEM_NAMESPACE,
  TUNNEL_ENDPOINT,
} from '../../lib/cluster/resources.ts'
import { dispatchSlices } from '../../lib/flows/mapping/dispatch.ts'
import type { Peering } from '../../lib/reflect/peering.ts'
import { networks, planned } from './networks.ts'
import { offload, type TwoClusters, twoClusters } from './two-clusters.ts'

/** rome and milan have the same CIDRs, and call each other's pods 10.246.0.0/16, external addresses 10.247.0.0/16. */
export const TUNNEL_SPEC = {
  localPodCIDR: '10.244.0.0/16',
  localNATPodCIDR: '10.246.0.0/16',
  localExternalCIDR: '10.245.0.0/16',
  localNATExternalCIDR: '10.247.0.0/16',
  remotePodCIDR: '10.244.0.0/16',
  remoteNATPodCIDR: '10.246.0.0/16',
  remoteExternalCIDR: '10.245.0.0/16',
  remoteNATExternalCIDR: '10.247.0.0/16',
}

/** The networks of two clusters that are to negotiate, with the pod CIDR that they must say. */
export function internal(podCIDRs = ['10.244.0.0/16']) {
  return networks({}, { home: planned('rome', {}, { podCIDRs }), remote: planned('milan', {}, { podCIDRs }) })
}

/** The TunnelEndpoint at home, as the network function makes it. */
export function tunnelEndpoint(change: Partial<typeof TUNNEL_SPEC> = {}) {
  return {
    metadata: { name: 'milan', namespace: SYSTEM_NAMESPACE, labels: { clusterID: 'milan' } },
    spec: { ...TUNNEL_SPEC, ...change },
  }
}

/** shop is offloaded from rome to milan, with what was negotiated. */
export async function negotiated(change: Partial<typeof TUNNEL_SPEC> = {}, podCIDRs?: string[]): Promise<TwoClusters> {
  const world = twoClusters({ networks: internal(podCIDRs) })
  world.rome.user.create(NAMESPACE, { metadata: { name: SYSTEM_NAMESPACE } })
  world.rome.user.create(TUNNEL_ENDPOINT, tunnelEndpoint(change))
  await offload(world)
  return world
}

/** A slice of `shop`, an endpoint an address. */
export function slice(name: string, addresses: readonly string[], annotations: Record<string, string> = {}) {
  const labels = { 'kubernetes.io/service-name': 'web' }
  return {
    metadata: { name, namespace: 'shop', labels, annotations },
    addressType: addresses.some((address) => address.includes(':')) ? 'IPv6' : 'IPv4',
    ports: [{ port: 80 }],
    endpoints: addresses.map((address) => ({ addresses: [address] })),
  }
}

/** What the function does after an event about these slices. */
export function wakeSlices(peering: Peering, ...names: string[]): Promise<void> {
  return dispatchSlices([peering], { cluster: 'rome', kind: 'endpointslice', namespace: 'shop', names })
}

/** Original of each EndpointMapping, by its external address. */
export function mappingsIn({ rome }: TwoClusters): Record<string, string> {
  const specs = rome.all(ENDPOINT_MAPPING).map(({ spec }) => spec as { original: string; external: string })
  return Object.fromEntries(specs.map(({ original, external }) => [external, original]))
}

/** Addresses of each copy in milan, by its name. */
export function copiesIn({ milan }: TwoClusters): Record<string, string[]> {
  const found = milan.all(ENDPOINT_SLICE, 'shop-rome')
  return Object.fromEntries(found.map((copy) => [copy.metadata.name, shownBy(copy)]))
}

function shownBy({ endpoints }: KubeObject): string[] {
  return (endpoints as { addresses: string[] }[]).flatMap(({ addresses }) => addresses)
}

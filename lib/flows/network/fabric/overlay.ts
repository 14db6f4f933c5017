import { formatAddress, parseAddress } from '../../../policy/address.ts'
import { firstAddress, parseCidr } from '../../../policy/cidr.ts'
import type { Fabric, FabricNode } from './index.ts'
import { OVERLAY_DEVICE, OVERLAY_ID, OVERLAY_PORT, OVERLAY_TABLE, RULE_PRIORITY, TUNNEL_DEVICE } from './names.ts'
import type { View } from './view.ts'

/** How one end of the overlay sends; the agent makes the kernel's state exactly this. */
export interface Overlay {
  readonly device: string
  /** VXLAN network identifier and UDP port. */
  readonly id: number
  readonly port: number
  readonly mtu: number
  /** The other ends: address under the overlay, which is their next hop too, and MAC in it. */
  readonly neighbours: readonly { readonly ip: string; readonly mac: string }[]
  readonly table: number
  /** What looks into the table: packets to a CIDR, or those that come in by a device. */
  readonly rules: readonly { readonly priority: number; readonly to?: string; readonly from?: string }[]
  /** Routes in the table, by neighbour; without one the destination is unreachable, and no packet strays. */
  readonly routes: readonly { readonly to: string; readonly via?: string }[]
}

/**
 * The gateway's end. Nodes and gateway meet directly, in a star, and the next hops are the ends' own addresses: there
 * are none of the overlay's that could collide, and what the CNI carries is its own Pod's traffic, whatever it filters.
 */
export function gatewayOverlay({ nodes, mtu }: Fabric, views: readonly View[]): Overlay {
  const routes = new Map<string, string>()
  for (const { ip, podCIDRs } of nodes) {
    for (const to of [...podCIDRs.filter(isIPv4), `${ip}/32`]) routes.set(to, ip)
  }
  const strays = views
    .map(({ localPods }) => localPods)
    .filter((cidr, index, all) => all.indexOf(cidr) === index && !routes.has(cidr))
  return {
    ...overlay(mtu),
    neighbours: nodes.map(({ ip }) => ({ ip, mac: macOf(ip) })),
    rules: [{ priority: RULE_PRIORITY, from: TUNNEL_DEVICE }],
    routes: [...[...routes].map(([to, via]) => ({ to, via })), ...strays.map((to) => ({ to }))],
  }
}

/** A node's end: what is the peers' goes to the gateway, and nowhere while there is none. */
export function nodeOverlay({ gateway, mtu }: Fabric, views: readonly View[]): Overlay {
  const destinations = views.flatMap(({ remotePods, remoteExternals }) => [remotePods, remoteExternals])
  return {
    ...overlay(mtu),
    neighbours: gateway ? [{ ip: gateway.ip, mac: GATEWAY_MAC }] : [],
    rules: destinations.map((to) => ({ priority: RULE_PRIORITY, to })),
    routes: destinations.map((to) => ({ to, ...(gateway ? { via: gateway.ip } : {}) })),
  }
}

/** There is one gateway, in whatever Pod. */
export const GATEWAY_MAC = '02:f0:00:00:00:00'

/** A node's MAC in the overlay, from its IPv4 address, e.g. `172.16.10.2` -> `02:f0:ac:10:0a:02`. */
export function macOf(ip: string): string {
  const octets = ip.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'))
  return ['02', 'f0', ...octets].join(':')
}

/**
 * Where a node's packets to a Pod may come from: its own address, or one of the first two of its pod CIDRs, which
 * CNIs give the node itself and some masquerade with (flannel's device, the bridge).
 */
export function nodeSources({ ip, podCIDRs }: FabricNode): string[] {
  const own = podCIDRs.filter(isIPv4).flatMap((text) => {
    const cidr = parseCidr(text)
    if ('unreadable' in cidr) return []
    const { family, bits } = firstAddress(cidr)
    return [formatAddress({ family, bits }), formatAddress({ family, bits: bits + 1n })]
  })
  return [ip, ...own]
}

export function isIPv4(text: string): boolean {
  const cidr = text.includes('/') ? parseCidr(text) : parseAddress(text)
  return !('unreadable' in cidr) && cidr.family === 4
}

function overlay(mtu: number): Pick<Overlay, 'device' | 'id' | 'port' | 'mtu' | 'table'> {
  return { device: OVERLAY_DEVICE, id: OVERLAY_ID, port: OVERLAY_PORT, mtu, table: OVERLAY_TABLE }
}

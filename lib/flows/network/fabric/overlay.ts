import { formatAddress } from '../../../policy/address.ts'
import { firstAddress, parseCidr } from '../../../policy/cidr.ts'
import type { Fabric, FabricNode } from './index.ts'
import { OVERLAY_ID, OVERLAY_PORT } from './names.ts'

/**
 * One end of the VXLAN between the nodes and the gateway's Pod. They meet directly, in a star: what the CNI carries is
 * its own Pod's traffic, however it filters sources. The next hops are the ends' own addresses, so that the overlay has
 * none of its own that could collide (Liqo's 240.<last three numbers> does), and MACs follow from addresses.
 */
export interface Overlay {
  /** VXLAN network identifier, and UDP port. */
  readonly id: number
  readonly port: number
  /** The other ends: address of the host or Pod, and MAC in the overlay. */
  readonly neighbours: readonly Neighbour[]
}

export interface Neighbour {
  readonly ip: string
  readonly mac: string
}

/** There is one gateway, in whatever Pod. */
export const GATEWAY_MAC = '02:f0:00:00:00:00'

export function gatewayOverlay({ nodes }: Fabric): Overlay {
  return overlay(nodes.map(nodeNeighbour))
}

export function nodeOverlay({ gateway }: Fabric): Overlay {
  return overlay(gateway ? [{ ip: gateway.ip, mac: GATEWAY_MAC }] : [])
}

/** e.g. `172.16.10.2` has the MAC `02:f0:ac:10:0a:02`. */
export function nodeNeighbour({ ip }: Pick<FabricNode, 'ip'>): Neighbour {
  const octets = ip.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'))
  return { ip, mac: ['02', 'f0', ...octets].join(':') }
}

/**
 * Where a node's packets to the gateway's Pod may come from: its own address, or one of the first two of its pod CIDRs,
 * which CNIs give the node itself and some masquerade with (flannel's device, the bridge).
 */
export function nodeSources({ ip, podCIDRs }: FabricNode): string[] {
  const own = podCIDRs.flatMap((text) => {
    const cidr = parseCidr(text)
    if ('unreadable' in cidr || cidr.family === 6) return []
    const first = firstAddress(cidr)
    return [first, { ...first, bits: first.bits + 1n }].map(formatAddress)
  })
  return [ip, ...own]
}

function overlay(neighbours: readonly Neighbour[]): Overlay {
  return { id: OVERLAY_ID, port: OVERLAY_PORT, neighbours }
}

import { formatAddress, parseAddress } from './address.ts'
import { contains, firstAddress, parseCidr, remap } from './cidr.ts'
import { KEPT } from './plan.ts'

/** A CIDR as the other side knows it, e.g. `('10.244.0.0/16', 'None')` -> `10.244.0.0/16`. */
export function effectiveCIDR(cidr: string, name: string): string {
  return name === KEPT ? cidr : name
}

/** Network of the overlay between a cluster's nodes (Liqo's route operator). */
const OVERLAY = { family: 4, bits: 240n << 24n, length: 8 } as const

/**
 * A node's address in its cluster's overlay, e.g. `10.200.1.1` -> `240.200.1.1`; undefined unless IPv4. Nodes that
 * differ in the first number only get the same one.
 */
export function overlayAddress(node: string): string | undefined {
  const address = parseAddress(node)
  const overlay = 'unreadable' in address ? undefined : remap(address, OVERLAY)
  return overlay && formatAddress(overlay)
}

/** A cluster's end of the tunnel as its peers see it: the address after its external CIDR's first one. */
export function tunnelAddress(external: string): string | undefined {
  const cidr = parseCidr(external)
  if ('unreadable' in cidr) return undefined
  const tunnel = { family: cidr.family, bits: firstAddress(cidr).bits + 1n }
  return contains(cidr, tunnel) ? formatAddress(tunnel) : undefined
}

import { formatAddress, parseAddress } from './address.ts'
import { contains, parseCidr, remap } from './cidr.ts'
import { type AddressPlan, KEPT } from './plan.ts'

/** The CIDRs of a TunnelEndpoint's spec: `localNAT…` is the peer's name for ours, `remoteNAT…` ours for the peer's. */
export interface TunnelCIDRs {
  readonly localPodCIDR: string
  readonly localNATPodCIDR: string
  readonly localExternalCIDR: string
  readonly localNATExternalCIDR: string
  readonly remotePodCIDR: string
  readonly remoteNATPodCIDR: string
  readonly remoteExternalCIDR: string
  readonly remoteNATExternalCIDR: string
}

/** What a TunnelEndpoint's spec says; what it lacks is the empty text, which is no CIDR. */
export function tunnelCIDRs(spec: Readonly<Record<string, unknown>>): TunnelCIDRs {
  const textOf = (value: unknown) => (typeof value === 'string' ? value : '')
  return Object.fromEntries(CHECKED.map(([field]) => [field, textOf(spec[field])])) as unknown as TunnelCIDRs
}

/** The fields in the order in which Liqo checks them, and what its messages call them. */
const CHECKED = [
  ['remotePodCIDR', 'PodCIDR'],
  ['remoteExternalCIDR', 'ExternalCIDR'],
  ['localPodCIDR', 'LocalPodCIDR'],
  ['localExternalCIDR', 'LocalExternalCIDR'],
  ['localNATPodCIDR', 'LocalNATPodCIDR'],
  ['localNATExternalCIDR', 'LocalNATExternalCIDR'],
  ['remoteNATPodCIDR', 'RemoteNATPodCIDR'],
  ['remoteNATExternalCIDR', 'RemoteNATExternalCIDR'],
] as const

/** The first field that is no CIDR, e.g. `PodCIDR must be a valid network CIDR`; a NAT field may be `None`. */
export function tunnelProblem(tunnel: TunnelCIDRs): string | undefined {
  const isBad = (text: string) => 'unreadable' in parseCidr(text)
  const bad = CHECKED.find(([field]) => isBad(tunnel[field]) && !(field.includes('NAT') && tunnel[field] === KEPT))
  return bad && `${bad[1]} must be a valid network CIDR`
}

/** The part of a cluster's plan that is negotiated. */
export type NegotiatedPlan = Pick<AddressPlan, 'podCIDRs' | 'externalCIDRs' | 'seenAs'>

/**
 * What a TunnelEndpoint says of both clusters: each with what the other calls it. Nothing is checked: what is no CIDR
 * becomes a problem of the plan.
 */
export function negotiatedPlans(tunnel: TunnelCIDRs): { local: NegotiatedPlan; remote: NegotiatedPlan } {
  return {
    local: {
      podCIDRs: [tunnel.localPodCIDR],
      externalCIDRs: [tunnel.localExternalCIDR],
      seenAs: { podCIDRs: [tunnel.localNATPodCIDR], externalCIDRs: [tunnel.localNATExternalCIDR] },
    },
    remote: {
      podCIDRs: [tunnel.remotePodCIDR],
      externalCIDRs: [tunnel.remoteExternalCIDR],
      seenAs: { podCIDRs: [tunnel.remoteNATPodCIDR], externalCIDRs: [tunnel.remoteNATExternalCIDR] },
    },
  }
}

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

/** A cluster's end of the tunnel as its peers see it: the address after its external CIDR's own. */
export function tunnelAddress(external: string): string | undefined {
  const cidr = parseCidr(external)
  if ('unreadable' in cidr) return undefined
  const tunnel = { family: cidr.family, bits: cidr.bits + 1n }
  return contains(cidr, tunnel) ? formatAddress(tunnel) : undefined
}

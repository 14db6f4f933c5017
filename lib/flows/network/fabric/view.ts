import { formatAddress, parseAddress } from '../../../policy/address.ts'
import { firstAddress, formatCidr, networkOf, parseCidr, remap } from '../../../policy/cidr.ts'
import { effectiveCIDR, type TunnelCIDRs, tunnelAddress } from '../../../policy/tunnel.ts'
import type { FabricPeer } from './index.ts'

/**
 * One tunnel as its packets show it: each side under the name that the other has for it. The sender translates its
 * source, the receiver its destination.
 */
export interface View {
  /** ClusterID of the peer. */
  readonly id: string
  /** The peer's pods and its other endpoints, as they are called here. */
  readonly remotePods: string
  readonly remoteExternals: string
  /** Our pods: their own CIDR, and the peer's name for it. */
  readonly localPods: string
  readonly localPodsSeen: string
  /** What the peer sees traffic of our nodes come from, and of anything else that is no pod: the first pod address. */
  readonly localHostsSeen: string
  /** Our gateway's address for the peer, and the peer's for us; absent where the external CIDR holds none. */
  readonly localTunnelSeen?: string
  readonly remoteTunnel?: string
  /** What of us the peer reaches besides pods, by original address; the address is the peer's name for it. */
  readonly mapped: readonly { readonly original: string; readonly seen: string }[]
}

/** @throws RangeError naming the peer and the CIDR or address that is none; the negotiation has checked them */
export function viewOf({ id, cidrs, mappings }: FabricPeer): View {
  const network = (field: keyof TunnelCIDRs, text: string) => {
    const cidr = parseCidr(text)
    if ('unreadable' in cidr || cidr.family !== 4) throw new RangeError(`${id}: ${field}: ${text} is no IPv4 CIDR`)
    return networkOf(cidr)
  }
  const effective = (side: 'local' | 'remote', what: 'Pod' | 'External') =>
    network(`${side}NAT${what}CIDR`, effectiveCIDR(cidrs[`${side}${what}CIDR`], cidrs[`${side}NAT${what}CIDR`]))
  const localPodsSeen = effective('local', 'Pod')
  const localExternalsSeen = effective('local', 'External')
  const remoteExternals = formatCidr(effective('remote', 'External'))
  const seenOf = (external: string) => {
    const address = parseAddress(external)
    const seen = 'unreadable' in address ? undefined : remap(address, localExternalsSeen)
    if (seen === undefined) throw new RangeError(`${id}: mappings: ${external} is no IPv4 address`)
    return formatAddress(seen)
  }
  const localTunnelSeen = tunnelAddress(formatCidr(localExternalsSeen))
  const remoteTunnel = tunnelAddress(remoteExternals)
  return {
    id,
    remotePods: formatCidr(effective('remote', 'Pod')),
    remoteExternals,
    localPods: formatCidr(network('localPodCIDR', cidrs.localPodCIDR)),
    localPodsSeen: formatCidr(localPodsSeen),
    localHostsSeen: formatAddress(firstAddress(localPodsSeen)),
    ...(localTunnelSeen ? { localTunnelSeen } : {}),
    ...(remoteTunnel ? { remoteTunnel } : {}),
    mapped: Object.entries(mappings).map(([original, external]) => ({ original, seen: seenOf(external) })),
  }
}

import {
  ANSWER_MARK,
  GATEWAY_RULES,
  OVERLAY_DEVICE,
  OVERLAY_PORT,
  PROBE_PORT,
  TUNNEL_ADDRESS,
  TUNNEL_DEVICE,
} from './names.ts'
import { anyOf, chain, map, mapOfAddresses, replaceTable, set, setOfAddresses } from './nft.ts'
import type { View } from './view.ts'

const OURS = anyOf([`"${TUNNEL_DEVICE}"`, `"${OVERLAY_DEVICE}"`])

/**
 * The gateway's rules. More peers are more elements, never more rules that a packet meets. Whether a peer's packet may go
 * on is asked for each one, by the address that it was sent to and what that stands for: what is mapped no more, or whose
 * name stands for another now, is reached no more, connected or not. What is mapped is in maps of its peer's own: there
 * may be thousands, and in common ones each would name both of the peer's networks, in four times the bytes.
 * @param overlaySources addresses that nodes' overlay packets may come from
 */
export function gatewayRules(views: readonly View[], overlaySources: readonly string[]): string {
  /** The elements for each of the two networks that a peer's packets come from, and ours go to. */
  const each = (elements: (view: View, remote: string) => readonly string[]) =>
    views.flatMap((view) => [view.remotePods, view.remoteExternals].flatMap((remote) => elements(view, remote)))
  const mapping = views.filter(({ mapped }) => mapped.length > 0)
  /** Leads packets from, or to, a peer's networks to the chain that looks into its own maps. */
  const toMapped = (address: string, what: Mapped) =>
    mapping.length > 0
      ? [
          `${address} vmap ${anyOf(
            mapping.flatMap((view) =>
              [view.remotePods, view.remoteExternals].map((remote) => `${remote} : jump ${mappedName(what, view)}`),
            ),
          )}`,
        ]
      : []
  const isRenamed = ({ localPods, localPodsSeen }: View) => localPods !== localPodsSeen
  const localPods = views[0]?.localPods
  return replaceTable(GATEWAY_RULES, [
    map(
      'pods_in',
      'ipv4_addr . ipv4_addr : interval ipv4_addr',
      each((view, remote) => (isRenamed(view) ? [`${remote} . ${view.localPodsSeen} : ${view.localPods}`] : [])),
    ),
    map(
      'pods_out',
      'ipv4_addr : interval ipv4_addr',
      each((view, remote) => (isRenamed(view) ? [`${remote} : ${view.localPodsSeen}`] : [])),
    ),
    map(
      'hosts_out',
      'ipv4_addr : ipv4_addr',
      each((view, remote) => [`${remote} : ${view.localHostsSeen}`]),
    ),
    map(
      'tunnels_in',
      'ipv4_addr . ipv4_addr : ipv4_addr',
      each(({ localTunnelSeen: seen }, remote) => (seen ? [`${remote} . ${seen} : ${TUNNEL_ADDRESS}`] : [])),
    ),
    set(
      'pods_reachable',
      'ipv4_addr . ipv4_addr . ipv4_addr',
      each((view, remote) => [`${remote} . ${view.localPodsSeen} . ${view.localPods}`]),
    ),
    ...mapping.flatMap(mappedOf),
    set('overlay_sources', 'ipv4_addr', overlaySources),
    chain('answers', 'filter hook prerouting priority mangle; policy accept', [
      `iifname "${TUNNEL_DEVICE}" ct direction reply meta mark set ${ANSWER_MARK}`,
    ]),
    chain('inbound_nat', 'nat hook prerouting priority dstnat; policy accept', [
      `iifname "${TUNNEL_DEVICE}" dnat ip to ip saddr . ip daddr map @tunnels_in`,
      ...toMapped(`iifname "${TUNNEL_DEVICE}" ip saddr`, 'in'),
      `iifname "${TUNNEL_DEVICE}" dnat ip prefix to ip saddr . ip daddr map @pods_in`,
    ]),
    chain('outbound_nat', 'nat hook postrouting priority srcnat; policy accept', [
      ...toMapped(`oifname "${TUNNEL_DEVICE}" ip daddr`, 'out'),
      ...(localPods
        ? [
            `oifname "${TUNNEL_DEVICE}" ip saddr ${localPods} snat ip prefix to ip daddr map @pods_out`,
            `oifname "${TUNNEL_DEVICE}" ip saddr != ${localPods} snat ip to ip daddr map @hosts_out`,
          ]
        : []),
      // Outside the overlay nothing knows the way back to a peer's address.
      `oifname != ${OURS} ct status dnat masquerade`,
    ]),
    chain('forwarded', 'filter hook forward priority filter; policy drop', [
      'tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu',
      `iifname "${TUNNEL_DEVICE}" goto from_peer`,
      `iifname "${OVERLAY_DEVICE}" oifname "${TUNNEL_DEVICE}" accept`,
      `oifname "${TUNNEL_DEVICE}" ct direction reply accept`,
    ]),
    chain('from_peer', undefined, [
      'ct direction reply accept',
      'ct state related accept',
      'ip saddr . ct original ip daddr . ip daddr @pods_reachable accept',
      ...toMapped('ip saddr', 'reachable'),
      'counter drop',
    ]),
    chain('to_gateway', 'filter hook input priority filter; policy accept', [
      `udp dport ${OVERLAY_PORT} ip saddr != @overlay_sources counter drop`,
      `iifname != ${OURS} accept`,
      'ct direction reply accept',
      'ct state related accept',
      `iifname "${TUNNEL_DEVICE}" ip daddr ${TUNNEL_ADDRESS} icmp type echo-request accept`,
      `iifname "${TUNNEL_DEVICE}" ip daddr ${TUNNEL_ADDRESS} udp dport ${PROBE_PORT} accept`,
      'counter drop',
    ]),
  ])
}

type Mapped = 'in' | 'out' | 'reachable'

/** Of a map or set of one peer, and of the chain that looks into it. */
function mappedName(what: Mapped, { id }: View): string {
  return `mapped_${what}_${id}`
}

/** What is mapped for one peer: by its names, by the original addresses, and both together. */
function mappedOf(view: View): string[] {
  const [inbound, outbound, reachable] = (['in', 'out', 'reachable'] as const).map((what) => mappedName(what, view))
  const elements = (form: (seen: string, original: string) => string) =>
    view.mapped.map(({ seen, original }) => form(seen, original))
  return [
    mapOfAddresses(
      inbound!,
      'ipv4_addr : ipv4_addr',
      elements((seen, original) => `${seen} : ${original}`),
    ),
    mapOfAddresses(
      outbound!,
      'ipv4_addr : ipv4_addr',
      elements((seen, original) => `${original} : ${seen}`),
    ),
    setOfAddresses(
      reachable!,
      'ipv4_addr . ipv4_addr',
      elements((seen, original) => `${seen} . ${original}`),
    ),
    chain(inbound!, undefined, [`dnat ip to ip daddr map @${inbound}`]),
    chain(outbound!, undefined, [`snat ip to ip saddr map @${outbound}`]),
    chain(reachable!, undefined, [`ct original ip daddr . ip daddr @${reachable} accept`]),
  ]
}

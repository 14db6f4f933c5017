import { holds } from '../../../policy/cidr.ts'
import { NODE_RULES, OVERLAY_DEVICE, OVERLAY_PORT } from './names.ts'
import { anyOf, chain, replaceTable } from './nft.ts'
import type { View } from './view.ts'

/**
 * The rules of every node. The overlay is without authentication: its packets are taken from the gateway only, else any
 * pod could send them. And CNIs masquerade what leaves the pod CIDR, or comes from outside: a NAT to the same address
 * before theirs binds the flow, so that both sides see each other's pods. A node has an address among its pods' too, where
 * the CNI bridges them: that one answers no peer, nor does a NodePort on it.
 * @param overlaySources addresses that the gateway's overlay packets may come from
 * @param nodeIPs addresses of all nodes
 */
export function nodeRules(
  views: readonly View[],
  { overlaySources, nodeIPs }: { overlaySources: readonly string[]; nodeIPs: readonly string[] },
): string {
  const localPods = views[0]?.localPods
  const remotes = views.flatMap(({ remotePods, remoteExternals }) => [remotePods, remoteExternals])
  const except = overlaySources.length > 0 ? ` ip saddr != ${anyOf(overlaySources)}` : ''
  return replaceTable(NODE_RULES, [
    chain('overlay', 'filter hook input priority filter - 10; policy accept', [
      `udp dport ${OVERLAY_PORT}${except} counter drop`,
    ]),
    ...(localPods
      ? [
          // Before NodePorts are translated, and after connections are known.
          chain('inbound', 'filter hook prerouting priority mangle; policy accept', [
            `iifname "${OVERLAY_DEVICE}" ip daddr ${localPods}${exceptNodes(localPods, nodeIPs)} fib daddr type local ct direction original counter drop`,
          ]),
          chain('outbound_nat', 'nat hook postrouting priority srcnat - 10; policy accept', [
            `ip saddr ${localPods} ip daddr ${anyOf(remotes)} ${keep([localPods])}`,
            `ip saddr ${anyOf(remotes)} ip daddr ${localPods} ${keep(remotes)}`,
          ]),
        ]
      : []),
  ])
}

/** Where the pods' CIDR holds the nodes too, as a VPC's does, peers reach them as pods. */
function exceptNodes(localPods: string, nodeIPs: readonly string[]): string {
  const inside = nodeIPs.filter((ip) => holds(localPods, ip))
  return inside.length > 0 ? ` ip daddr != ${anyOf(inside)}` : ''
}

function keep(sources: readonly string[]): string {
  return `snat ip prefix to ip saddr map ${anyOf(sources.map((source) => `${source} : ${source}`))}`
}

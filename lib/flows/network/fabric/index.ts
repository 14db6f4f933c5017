import type { TunnelCIDRs } from '../../../policy/tunnel.ts'
import { gatewayRules } from './gateway-rules.ts'
import { isIPv4 } from './ipv4.ts'
import { PROBE_PORT, TUNNEL_ADDRESS, WIREGUARD_PORT } from './names.ts'
import { nodeRules } from './node-rules.ts'
import { GATEWAY_MAC, gatewayOverlay, nodeNeighbour, nodeOverlay, nodeSources } from './overlay.ts'
import { gatewayRouting, nodeRouting } from './routing.ts'
import { type View, viewOf } from './view.ts'

export { gatewayWorkloads, type WorkloadSettings } from './workloads.ts'

/** One end of a tunnel, as this cluster knows it. */
export interface FabricPeer {
  /** ClusterID. */
  readonly id: string
  /** WireGuard public key, base64. */
  readonly publicKey: string
  /** `192.0.2.1:5871` or `gw.example.org:5871`. */
  readonly endpoint: string
  readonly cidrs: TunnelCIDRs
  /** What of this cluster the peer reaches besides pods: original address -> its own in our external CIDR. */
  readonly mappings: Readonly<Record<string, string>>
}

export interface FabricNode {
  readonly name: string
  /** InternalIP. */
  readonly ip: string
  readonly podCIDRs: readonly string[]
}

/** All that the data plane of one cluster is made from. IPv4; anything else in a list is passed over. */
export interface Fabric {
  /** ClusterID. */
  readonly cluster: string
  /** Ordered by id. */
  readonly peers: readonly FabricPeer[]
  /** Ordered by name; no virtual nodes. */
  readonly nodes: readonly FabricNode[]
  /** Where the gateway's Pod runs, and its address; absent until it is known. */
  readonly gateway?: { readonly node: string; readonly ip: string }
  /** MTU of tunnel and overlay, bytes; `DEFAULT_MTU` unless the network carries more. */
  readonly mtu: number
}

/** Of the rendered files; an agent of another version refuses them and keeps what it has. */
const VERSION = 1

/**
 * Data of the Secret `heliograph-fabric`, file name -> text: `gateway.json` and `gateway.nft` for the gateway's agent,
 * `route.json` and `node.nft` for that of each node. Equal fabrics make equal text. No private key is in it.
 * @throws RangeError naming the peer and the field that is no CIDR or address; the negotiation has checked them
 */
export function renderFabric(given: Fabric): Record<string, string> {
  const fabric = { ...given, nodes: given.nodes.filter(({ ip }) => isIPv4(ip)) }
  const { cluster, peers, nodes, gateway, mtu } = fabric
  const views = peers.map(viewOf)
  const common = { version: VERSION, cluster, mtu }
  const host = nodes.find(({ name }) => name === gateway?.node)
  return {
    'gateway.json': json({
      ...common,
      tunnel: {
        address: TUNNEL_ADDRESS,
        port: WIREGUARD_PORT,
        probePort: PROBE_PORT,
        peers: peers.map((peer, index) => tunnelPeer(peer, views[index]!)),
      },
      overlay: { ...gatewayOverlay(fabric), mac: GATEWAY_MAC },
      routing: gatewayRouting(fabric, views),
    }),
    'gateway.nft': gatewayRules(views, nodes.flatMap(nodeSources)),
    'route.json': json({
      ...common,
      overlay: nodeOverlay(fabric),
      routing: nodeRouting(fabric, views),
      nodes: Object.fromEntries(nodes.map((node) => [node.name, nodeNeighbour(node)])),
    }),
    // The CNI may masquerade with its node's address what the gateway's Pod sends to another node.
    'node.nft': nodeRules(views, {
      overlaySources: [...(gateway ? [gateway.ip] : []), ...(host ? [host.ip] : [])],
      nodeIPs: nodes.map(({ ip }) => ip),
    }),
  }
}

/** `seenAs`: the peer's name for our pods; where it changes, connections translated to the old one are to be forgotten. */
function tunnelPeer({ id, publicKey, endpoint }: FabricPeer, view: View) {
  const { remotePods, remoteExternals, remoteTunnel: probe, localPodsSeen: seenAs } = view
  return { id, publicKey, endpoint, allowedIPs: [remotePods, remoteExternals], seenAs, ...(probe ? { probe } : {}) }
}

function json(content: unknown): string {
  return `${JSON.stringify(content)}\n`
}

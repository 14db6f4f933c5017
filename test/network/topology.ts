/**
 * Clusters as namespaces, after one plan: every cluster has the same addresses, but for the public one of its gateway's
 * node. Nodes have a bridge for their pods, as simple CNIs do, and strict reverse path filters, which prove that each
 * packet goes back the way that it came.
 */
import type { FabricNode } from '../../lib/flows/network/fabric/index.ts'
import type { Net, Space } from './space.ts'

export interface Cluster {
  readonly id: string
  readonly plan: Plan
  /** The one address that the other clusters reach: of the gateway's node. */
  readonly publicIP: string
  /** Node of the gateway, and another. */
  readonly gatewayNode: Space
  readonly node: Space
  /** The gateway's Pod. */
  readonly gateway: Space
  /** A pod on each node. */
  readonly podBeside: Space
  readonly pod: Space
}

/** Addresses in a cluster. */
export interface Plan {
  readonly podCIDR: string
  /** The gateway's, and another. */
  readonly nodes: readonly [FabricNode, FabricNode]
  readonly gatewayIP: string
  /** On the gateway's node, and on the other one. */
  readonly podBesideIP: string
  readonly podIP: string
}

/** @param net the first two numbers of the pod CIDR */
export function planOf(net: string): Plan {
  return {
    podCIDR: `${net}.0.0/16`,
    nodes: [
      { name: 'gateway-node', ip: '172.16.10.1', podCIDRs: [`${net}.1.0/24`] },
      { name: 'node', ip: '172.16.10.2', podCIDRs: [`${net}.2.0/24`] },
    ],
    gatewayIP: `${net}.1.7`,
    podBesideIP: `${net}.1.10`,
    podIP: `${net}.2.10`,
  }
}

/** What every cluster has unless told. */
const SAME = planOf('10.200')
export const {
  podCIDR: POD_CIDR,
  nodes: NODES,
  gatewayIP: GATEWAY_IP,
  podBesideIP: POD_BESIDE_IP,
  podIP: POD_IP,
} = SAME

/** Machines outside cluster a, behind its gateway's node: one knows the way back to the cluster, one none. */
export const OUTSIDE = { withRoute: '192.0.2.50', without: '192.0.2.60' } as const
/** Of the network that underlies all: less than the fabric and its headers take would lose packets. */
const MTU = 1500
const PORT = 5871

/** The network between the clusters. */
export async function buildWide(net: Net): Promise<Space> {
  const wan = await net.space('wan')
  await wan.ip('link add br0 type bridge', 'link set br0 up')
  return wan
}

export async function buildCluster(
  net: Net,
  wan: Space,
  { id, publicIP, plan = SAME }: { id: string; publicIP: string; plan?: Plan },
): Promise<Cluster> {
  const [gatewayNode, node] = await buildNodes(net, wan, { id, publicIP, nodes: plan.nodes })
  const pods = ['gateway', 'pod-beside', 'pod'].map((name) => net.space(`${id}-${name}`))
  const [gateway, podBeside, pod] = (await Promise.all(pods)) as [Space, Space, Space]
  // Nothing in the gateway's Pod is ready for it: the agent is to see to it.
  await gateway.sysctl({ ip_forward: 0, ...STRICT })
  const [ofGateway, ofOther] = plan.nodes
  for (const [host, { podCIDRs }] of [
    [gatewayNode, ofGateway],
    [node, ofOther],
  ] as const) {
    const address = podCIDRs[0]!.replace(/0\/24$/, '1/24')
    await host.ip('link add cni0 type bridge', `addr add ${address} dev cni0`, 'link set cni0 up')
  }
  await gatewayNode.ip(`route add ${ofOther.podCIDRs[0]} via ${ofOther.ip}`)
  await addPod(net, gatewayNode, gateway, plan.gatewayIP)
  await addPod(net, gatewayNode, podBeside, plan.podBesideIP)
  await addPod(net, node, pod, plan.podIP)
  await serveGateway(gatewayNode, publicIP, plan.gatewayIP, plan.podCIDR)
  return { id, plan, publicIP, gatewayNode, node, gateway, podBeside, pod }
}

const STRICT = { 'conf/all/rp_filter': 1, 'conf/default/rp_filter': 1 }

export interface NodesPlan {
  readonly id: string
  readonly publicIP: string
  /** The first is the one that other clusters reach. */
  readonly nodes: readonly [NodePlan, NodePlan]
}

export interface NodePlan {
  readonly name: string
  readonly ip: string
}

/** Two nodes, joined with one another and the first with the network between the clusters. */
export async function buildNodes(net: Net, wan: Space, { id, publicIP, nodes }: NodesPlan): Promise<[Space, Space]> {
  const spaces = await Promise.all(nodes.map(({ name }) => net.space(`${id}-${name}`)))
  const [first, second] = spaces as [Space, Space]
  for (const node of spaces) await node.sysctl({ ip_forward: 1, ...STRICT })
  await net.cable(wan, `w-${id}`, first, 'wan0')
  await wan.ip(`link set w-${id} master br0`)
  await first.ip(`addr add ${publicIP}/24 dev wan0`)
  await net.cable(first, 'n0', second, 'n0')
  for (const [index, node] of spaces.entries()) await node.ip(`addr add ${nodes[index]!.ip}/24 dev n0`)
  await second.ip(`route add default via ${nodes[0].ip}`)
  return [first, second]
}

/** Connects a namespace to a node's bridge, as a CNI plugin does. */
export async function addPod(net: Net, node: Space, pod: Space, ip: string): Promise<void> {
  const cable = `p${ip.split('.').at(-1)}`
  await net.cable(node, cable, pod, 'eth0')
  await node.ip(`link set ${cable} mtu ${MTU} master cni0`)
  await pod.ip(`addr add ${ip}/24 dev eth0`, `route add default via ${ip.replace(/\d+$/, '1')}`)
}

/**
 * Connects a namespace to a node by a route of its own there, and through it on the other node, as CNIs do that know no
 * networks of nodes (Calico's, AWS's).
 */
export async function addRoutedPod(
  net: Net,
  { node, nodeIP, others }: { node: Space; nodeIP: string; others: readonly Space[] },
  pod: Space,
  ip: string,
): Promise<void> {
  const cable = routedCable(ip)
  const [router, mac] = ['169.254.1.1', 'ee:ee:ee:ee:ee:ee']
  await net.cable(node, cable, pod, 'eth0')
  await node.ip(`link set ${cable} address ${mac}`, `route replace ${ip} dev ${cable}`)
  for (const other of others) await other.ip(`route replace ${ip} via ${nodeIP}`)
  await pod.ip(
    `addr add ${ip}/32 dev eth0`,
    `route add ${router} dev eth0`,
    `route add default via ${router}`,
    `neigh replace ${router} lladdr ${mac} dev eth0 nud permanent`,
  )
}

/** Disconnects it: at once, where a namespace that is removed takes its cables with it some time later. */
export async function removeRoutedPod(node: Space, ip: string): Promise<void> {
  await node.ip(`link del ${routedCable(ip)}`)
}

const routedCable = (ip: string): string => `p${ip.split('.').slice(2).join('.')}`

/** What a Service of type LoadBalancer or NodePort does for the gateway's Pod, and a CNI for what a pod sends outside. */
export async function serveGateway(node: Space, publicIP: string, ip: string, podCIDR: string): Promise<void> {
  await node.nft(`table ip service
delete table ip service
table ip service {
  chain inbound_nat {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "wan0" ip daddr ${publicIP} udp dport ${PORT} dnat to ${ip}
  }
  chain outbound_nat {
    type nat hook postrouting priority srcnat; policy accept;
    oifname { "wan0", "ext0" } ip saddr ${podCIDR} masquerade
  }
}
`)
}

/** A CNI that masquerades what leaves the pod CIDR, and what comes in from outside, as flannel does. */
export async function masquerade({ gatewayNode, node }: Cluster): Promise<void> {
  for (const host of [gatewayNode, node]) {
    await host.nft(`table ip cni {
  chain outbound_nat {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${POD_CIDR} ip daddr != ${POD_CIDR} masquerade
    ip saddr != ${POD_CIDR} ip daddr ${POD_CIDR} masquerade
  }
}
`)
  }
}

/** Adds the machines outside, behind a node, as two addresses of one. */
export async function addOutside(net: Net, node: Space): Promise<Space> {
  const outside = await net.space('outside')
  await net.cable(node, 'ext0', outside, 'eth0')
  await node.ip('addr add 192.0.2.1/24 dev ext0')
  await outside.ip(
    ...Object.values(OUTSIDE).map((ip) => `addr add ${ip}/24 dev eth0`),
    `rule add from ${OUTSIDE.withRoute} lookup 50`,
    'route add default via 192.0.2.1 table 50',
  )
  return outside
}

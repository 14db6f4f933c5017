/**
 * Clusters as namespaces, after one plan: every cluster has the same addresses, but for the public one of its gateway's
 * node. Nodes have a bridge for their pods, as simple CNIs do, and strict reverse path filters, which prove that each
 * packet goes back the way that it came.
 */
import type { Net, Space } from './space.ts'

export interface Cluster {
  readonly id: string
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

export const POD_CIDR = '10.200.0.0/16'
export const NODES = [
  { name: 'gateway-node', ip: '172.16.10.1', podCIDRs: ['10.200.1.0/24'] },
  { name: 'node', ip: '172.16.10.2', podCIDRs: ['10.200.2.0/24'] },
] as const
export const GATEWAY_IP = '10.200.1.7'
export const POD_BESIDE_IP = '10.200.1.10'
export const POD_IP = '10.200.2.10'
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

export async function buildCluster(net: Net, wan: Space, id: string, publicIP: string): Promise<Cluster> {
  const spaces = ['gateway-node', 'node', 'gateway', 'pod-beside', 'pod'].map((name) => net.space(`${id}-${name}`))
  const [gatewayNode, node, gateway, podBeside, pod] = (await Promise.all(spaces)) as [
    Space,
    Space,
    Space,
    Space,
    Space,
  ]
  for (const host of [gatewayNode, node]) {
    await host.sysctl({ ip_forward: 1, 'conf/all/rp_filter': 1, 'conf/default/rp_filter': 1 })
  }
  // Nothing in the gateway's Pod is ready for it: the agent is to see to it.
  await gateway.sysctl({ ip_forward: 0, 'conf/all/rp_filter': 1, 'conf/default/rp_filter': 1 })
  await net.cable(wan, `w-${id}`, gatewayNode, 'wan0')
  await wan.ip(`link set w-${id} master br0`)
  await gatewayNode.ip(`addr add ${publicIP}/24 dev wan0`)
  await net.cable(gatewayNode, 'n0', node, 'n0')
  for (const [host, { ip, podCIDRs }] of [
    [gatewayNode, NODES[0]],
    [node, NODES[1]],
  ] as const) {
    await host.ip(
      `addr add ${ip}/24 dev n0`,
      'link add cni0 type bridge',
      `addr add ${podCIDRs[0].replace(/0\/24$/, '1/24')} dev cni0`,
      'link set cni0 up',
    )
  }
  await gatewayNode.ip(`route add ${NODES[1].podCIDRs[0]} via ${NODES[1].ip}`)
  await node.ip(`route add default via ${NODES[0].ip}`)
  await addPod(net, gatewayNode, gateway, GATEWAY_IP)
  await addPod(net, gatewayNode, podBeside, POD_BESIDE_IP)
  await addPod(net, node, pod, POD_IP)
  await serveGateway(gatewayNode, publicIP, GATEWAY_IP)
  return { id, publicIP, gatewayNode, node, gateway, podBeside, pod }
}

/** Connects a namespace to a node's bridge, as a CNI plugin does. */
export async function addPod(net: Net, node: Space, pod: Space, ip: string): Promise<void> {
  const cable = `p${ip.split('.').at(-1)}`
  await net.cable(node, cable, pod, 'eth0')
  await node.ip(`link set ${cable} mtu ${MTU} master cni0`)
  await pod.ip(`addr add ${ip}/24 dev eth0`, `route add default via ${ip.replace(/\d+$/, '1')}`)
}

/** What a Service of type LoadBalancer or NodePort does for the gateway's Pod, and a CNI for what a pod sends outside. */
export async function serveGateway(node: Space, publicIP: string, ip: string): Promise<void> {
  await node.nft(`table ip service
delete table ip service
table ip service {
  chain inbound_nat {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "wan0" ip daddr ${publicIP} udp dport ${PORT} dnat to ${ip}
  }
  chain outbound_nat {
    type nat hook postrouting priority srcnat; policy accept;
    oifname { "wan0", "ext0" } ip saddr ${POD_CIDR} masquerade
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

/** Adds the machines outside, as two addresses of one. */
export async function addOutside(net: Net, { gatewayNode }: Cluster): Promise<Space> {
  const outside = await net.space('outside')
  await net.cable(gatewayNode, 'ext0', outside, 'eth0')
  await gatewayNode.ip('addr add 192.0.2.1/24 dev ext0')
  await outside.ip(
    ...Object.values(OUTSIDE).map((ip) => `addr add ${ip}/24 dev eth0`),
    `rule add from ${OUTSIDE.withRoute} lookup 50`,
    'route add default via 192.0.2.1 table 50',
  )
  return outside
}

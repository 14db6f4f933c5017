import type { Fabric } from './index.ts'
import { isIPv4 } from './ipv4.ts'
import { RULE_PRIORITY } from './names.ts'
import type { View } from './view.ts'

/** Policy rules, and the routes that they lead to; an agent makes the kernel's exactly these. */
export interface Routing {
  readonly rules: readonly Rule[]
  readonly routes: readonly Route[]
}

/**
 * Who looks into the fabric's table: packets to a CIDR, and all out of the tunnel. Those that answer look into one of
 * their own, those that carry the tunnel into none of the fabric's.
 */
export type Rule = { readonly priority: number } & (
  | { readonly carriers: true }
  | { readonly to: string }
  | { readonly fromTunnel: true }
  | { readonly answers: true }
)

/** To a neighbour in the overlay, into the tunnel, or (neither) nowhere, so that no packet strays. */
export interface Route {
  readonly to: string
  readonly via?: string
  readonly tunnel?: true
  /** It is of the answers' table. */
  readonly answers?: true
}

/**
 * The gateway's: the tunnel's packets to the nodes, and everybody's to the peers into the tunnel, but for WireGuard's
 * own: a peer's gateway may have an address that is a pod's here. Packets of the Pod itself stay out of the overlay,
 * which goes to the same nodes. Answers to who is neither pod nor node go back by the gateway's node.
 */
export function gatewayRouting({ nodes, gateway }: Fabric, views: readonly View[]): Routing {
  const toNodes = nodes.flatMap(({ ip, podCIDRs }) =>
    [...podCIDRs.filter(isIPv4), `${ip}/32`].map((to) => ({ to, via: ip })),
  )
  const toPeers = destinations(views).map((to) => ({ to, tunnel: true as const }))
  const strays = views.map(({ localPods }) => ({ to: localPods }))
  const host = nodes.find(({ name }) => name === gateway?.node)
  const back = { to: '0.0.0.0/0', answers: true as const, ...(host ? { via: host.ip } : {}) }
  return {
    rules: [
      { priority: RULE_PRIORITY, carriers: true },
      ...destinations(views).map((to) => ({ priority: RULE_PRIORITY + 1, to })),
      { priority: RULE_PRIORITY + 2, fromTunnel: true },
      { priority: RULE_PRIORITY + 3, answers: true },
    ],
    routes: firstOfEach([...toNodes, ...toPeers, ...strays, back]),
  }
}

/** A node's: what is the peers' goes to the gateway, and nowhere while there is none. */
export function nodeRouting({ gateway }: Fabric, views: readonly View[]): Routing {
  return {
    rules: destinations(views).map((to) => ({ priority: RULE_PRIORITY, to })),
    routes: destinations(views).map((to) => (gateway ? { to, via: gateway.ip } : { to })),
  }
}

function destinations(views: readonly View[]): string[] {
  return views.flatMap(({ remotePods, remoteExternals }) => [remotePods, remoteExternals])
}

function firstOfEach(routes: readonly Route[]): Route[] {
  return [...Map.groupBy(routes, ({ to }) => to).values()].map(([first]) => first!)
}

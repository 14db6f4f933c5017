import type { Fabric } from './index.ts'
import { isIPv4 } from './ipv4.ts'
import { RULE_PRIORITY, TABLE, TUNNEL_DEVICE, TUNNEL_MARK } from './names.ts'
import type { View } from './view.ts'

/** Policy rules, and the routes of one table; an agent makes the kernel's exactly these. */
export interface Routing {
  readonly table: number
  readonly rules: readonly Rule[]
  readonly routes: readonly Route[]
}

/** Who looks into the table: packets to a CIDR, or those that come in by a device; or, marked, into another one. */
export type Rule = { readonly priority: number } & (
  | { readonly to: string }
  | { readonly from: string }
  | { readonly mark: number; readonly table: number }
)

/** To a neighbour in the overlay, into the tunnel, or (neither) nowhere, so that no packet strays. */
export interface Route {
  readonly to: string
  readonly via?: string
  readonly device?: string
}

/** Number of the main table. */
const MAIN = 254

/**
 * The gateway's: the tunnel's packets to the nodes, and everybody's to the peers into the tunnel, but for WireGuard's
 * own: a peer's gateway may have an address that is a pod's here. Packets of the Pod itself stay out of the overlay,
 * which goes to the same nodes.
 */
export function gatewayRouting({ nodes }: Fabric, views: readonly View[]): Routing {
  const toNodes = nodes.flatMap(({ ip, podCIDRs }) =>
    [...podCIDRs.filter(isIPv4), `${ip}/32`].map((to) => ({ to, via: ip })),
  )
  const toPeers = destinations(views).map((to) => ({ to, device: TUNNEL_DEVICE }))
  const strays = views.map(({ localPods }) => ({ to: localPods }))
  return {
    table: TABLE,
    rules: [
      { priority: RULE_PRIORITY, mark: TUNNEL_MARK, table: MAIN },
      ...destinations(views).map((to) => ({ priority: RULE_PRIORITY + 1, to })),
      { priority: RULE_PRIORITY + 1, from: TUNNEL_DEVICE },
    ],
    routes: firstOfEach([...toNodes, ...toPeers, ...strays]),
  }
}

/** A node's: what is the peers' goes to the gateway, and nowhere while there is none. */
export function nodeRouting({ gateway }: Fabric, views: readonly View[]): Routing {
  return {
    table: TABLE,
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

import { SYSTEM_NAMESPACE, TUNNEL_ENDPOINT } from '../cluster/resources.ts'
import { type ExternalCIDR, settledMappings } from '../flows/mapping/allocate.ts'
import { meaningOf } from '../policy/flags.ts'
import { negotiatedPlans, tunnelCIDRs } from '../policy/tunnel.ts'
import { mapOf } from './json.ts'
import type { Context, Found, Networks, Read } from './kind.ts'

/** Whether addresses go by names that the clusters negotiate: only then is any of it read. */
export function isNegotiable({ networks }: Pick<Context, 'networks'>): boolean {
  return meaningOf(networks.home, networks.remote).addresses === 'remapped'
}

/**
 * Query of a kind that shows addresses: what home and the remote cluster call each other's. A change retranslates all of
 * the peering, also one that the network function makes; the status, which the gateway writes all the time, is no change.
 */
export const TUNNEL = {
  side: 'home',
  resource: TUNNEL_ENDPOINT,
  namespace: SYSTEM_NAMESPACE,
  wanted: (_source: unknown, context: Context) => ({ names: isNegotiable(context) ? [context.remote] : [] }),
  wakes: 'peering',
  own: [''],
} as const satisfies Read

/**
 * The networks of a context with what was negotiated: CIDRs and their names from the TunnelEndpoint, as the configuration
 * may leave them out. As configured where there is none, or nothing to negotiate.
 * @param found `tunnel`: what TUNNEL found; `mappings`: the EndpointMappings for the remote cluster, if any count
 */
export function negotiatedNetworks(context: Context, found: Found): Networks {
  const { networks } = context
  const external = externalCIDR(context, found)
  if (!external) return networks
  const { local, remote } = negotiatedPlans(tunnelCIDRs(mapOf(found.tunnel?.[0]?.spec)))
  return {
    home: { ...networks.home, plan: { ...networks.home.plan, ...local } },
    remote: { ...networks.remote, plan: { ...networks.remote.plan, ...remote } },
    mappings: settledMappings(external, found.mappings ?? []),
  }
}

/** Home's external CIDR; undefined where nothing was negotiated. */
export function externalCIDR(context: Context, { tunnel = [] }: Found): ExternalCIDR | undefined {
  const [endpoint] = tunnel
  if (!endpoint || !isNegotiable(context)) return undefined
  return { peer: context.remote, cidr: tunnelCIDRs(mapOf(endpoint.spec)).localExternalCIDR }
}

import { type Address, formatAddress, parseAddress } from './address.ts'
import type { Denied } from './allocation.ts'
import { specialOf } from './allow-list.ts'
import { type Cidr, contains, firstAddress, lastAddress } from './cidr.ts'
import { clusterOf, type EndpointMapping, type NetworkState, withoutPeer } from './network-state.ts'
import { rangesOf, renamedAddress } from './plan.ts'

/** The next state, and the address under which the peer reaches the endpoint. */
export interface Mapped {
  readonly state: NetworkState
  readonly address: string
}

/**
 * Makes an endpoint of ours reachable for a peer (Liqo's MapEndpointIP). A pod is renamed; anything else gets the
 * lowest free address of our external CIDR, the same for all peers, renamed for this one. Repeating it changes nothing.
 * e.g. external 10.245.0.0/16, called 10.247.0.0/16 by milan: 10.96.0.1 -> 10.245.0.2 -> `10.247.0.2`.
 */
export function mapEndpoint(state: NetworkState, cluster: string, text: string): Mapped | Denied {
  const seenAs = clusterOf(state, cluster)?.local
  if (seenAs === undefined) return { denied: `${cluster} has no network configuration` }
  const address = parseAddress(text)
  if ('unreadable' in address) return { denied: address.unreadable }
  const special = specialOf(address)
  if (special !== undefined) return { denied: `${text} may not go over: ${special}` }
  const { problems, renamed } = rangesOf({ ...state, seenAs })
  if (renamed === undefined || problems.length > 0) return { denied: problems.join('; ') }
  const pod = renamedAddress(renamed.pods, address)
  if (pod !== undefined) return { state, address: formatAddress(pod) }
  const original = formatAddress(address)
  const mapping = mappingOf(state, original) ?? newMapping(state, address)
  const external = mapping && parseAddress(mapping.external)
  const named = external && 'family' in external ? renamedAddress(renamed.externals, external) : undefined
  if (mapping === undefined || named === undefined) return { denied: `no external address is free for ${original}` }
  const clusters = mapping.clusters.includes(cluster) ? mapping.clusters : [...mapping.clusters, cluster]
  const endpoints = { ...state.endpoints, [original]: { ...mapping, clusters } }
  return { state: { ...state, endpoints }, address: formatAddress(named) }
}

/**
 * Drops the peer's mappings of all endpoints but these. Liqo counts no references, so that one slice's release cuts
 * off another's endpoint; here the caller says what all slices still use.
 */
export function retainEndpoints(state: NetworkState, cluster: string, inUse: readonly string[]): NetworkState {
  const endpoints = Object.entries(state.endpoints)
    .map(
      ([original, mapping]) => [original, inUse.includes(original) ? mapping : withoutPeer(mapping, cluster)] as const,
    )
    .filter(([, mapping]) => mapping.clusters.length > 0)
  return { ...state, endpoints: Object.fromEntries(endpoints) }
}

/**
 * The lowest addresses of an external CIDR that nothing uses, at most so many, canonical. The first address is the
 * network's, the second the tunnel's, the last one IPv4's broadcast.
 * e.g. 10.245.0.0/29 with `10.245.0.2` used, 2 -> `['10.245.0.3', '10.245.0.4']`.
 */
export function lowestFree(cidr: Cidr, used: ReadonlySet<string>, many: number): string[] {
  const { family } = cidr
  const end = lastAddress(cidr).bits - (family === 4 ? 1n : 0n)
  const free: string[] = []
  for (let bits = firstAddress(cidr).bits + 2n; bits <= end && free.length < many; bits++) {
    const external = formatAddress({ family, bits })
    if (!used.has(external)) free.push(external)
  }
  return free
}

function mappingOf(state: NetworkState, original: string): EndpointMapping | undefined {
  const mapping = Object.hasOwn(state.endpoints, original) ? state.endpoints[original] : undefined
  const external = mapping && parseAddress(mapping.external)
  if (external === undefined || 'unreadable' in external) return undefined
  return rangesOf(state).externals.some((cidr) => contains(cidr, external)) ? mapping : undefined
}

function newMapping(state: NetworkState, { family }: Address): EndpointMapping | undefined {
  const cidr = rangesOf(state).externals.find((candidate) => candidate.family === family)
  if (cidr === undefined) return undefined
  const used = new Set(Object.values(state.endpoints).map(({ external }) => external))
  const [external] = lowestFree(cidr, used, 1)
  return external === undefined ? undefined : { external, clusters: [] }
}

import type { Family } from './address.ts'
import { type Allocation, alloc, type Denied, emptyAllocation, free, getOrRemap, reserve } from './allocation.ts'
import { parseCidr } from './cidr.ts'

/**
 * Everything one cluster has to remember of its network parameters: plain JSON, never changed in place (Liqo's
 * IpamStorage and NatMappings). Networks are lists so that a dual-stack cluster has one a family.
 */
export interface NetworkState {
  readonly allocation: Allocation
  readonly podCIDRs: readonly string[]
  readonly serviceCIDRs: readonly string[]
  readonly externalCIDRs: readonly string[]
  readonly reserved: readonly string[]
  /** By ClusterID of the peer. */
  readonly clusters: Readonly<Record<string, ClusterSubnets>>
  /** By canonical address: what stands for it in our external CIDR, and for which peers. */
  readonly endpoints: Readonly<Record<string, EndpointMapping>>
}

export interface Subnets {
  readonly podCIDRs: readonly string[]
  readonly externalCIDRs: readonly string[]
}

export interface ClusterSubnets {
  /** Our names for the peer's CIDRs, always concrete. */
  readonly remote: Subnets
  /** The peer's names for ours, `None` where kept; absent until it has said so. */
  readonly local?: Subnets
}

export interface EndpointMapping {
  readonly external: string
  readonly clusters: readonly string[]
}

/** The next state, or why there is none. */
export type Step = { readonly state: NetworkState } | Denied

export function emptyNetworkState(pools?: readonly string[]): NetworkState {
  const none = { podCIDRs: [], serviceCIDRs: [], externalCIDRs: [], reserved: [], clusters: {}, endpoints: {} }
  return { allocation: emptyAllocation(pools), ...none }
}

type OwnCIDRs = 'podCIDRs' | 'serviceCIDRs' | 'externalCIDRs'

/** Our own CIDRs: set once, as every peer has been told of them. */
export function withOwnCIDRs(state: NetworkState, field: OwnCIDRs, given: readonly string[]): Step {
  const known = state[field]
  if (known.length === 0) return reserveAll({ ...state, [field]: given }, given)
  return known.join() === given.join() ? { state } : { denied: `${field} are ${known.join()} and cannot be changed` }
}

/** Our external CIDR of the family, allocated once: Liqo gives it the pod CIDR's length. */
export function withExternalCIDR(state: NetworkState, length: number, family: Family = 4): Step {
  if (state.externalCIDRs.some((text) => familyOf(text) === family)) return { state }
  const granted = alloc(state.allocation, length, family)
  if ('denied' in granted) return granted
  const externalCIDRs = [...state.externalCIDRs, granted.cidr]
  return { state: { ...state, allocation: granted.allocation, externalCIDRs } }
}

/** Networks that are never to be handed out; those no longer listed are free again. */
export function withReserved(state: NetworkState, listed: readonly string[]): Step {
  const dropped = state.reserved.filter((text) => !listed.includes(text))
  const added = listed.filter((text) => !state.reserved.includes(text))
  const allocation = dropped.reduce(free, state.allocation)
  return reserveAll({ ...state, allocation, reserved: listed }, added)
}

/** Names for a peer's CIDRs, its own where they are free. First come first served, and kept until `withoutCluster`. */
export function withRemoteSubnets(state: NetworkState, cluster: string, asked: Subnets): Step {
  if (clusterOf(state, cluster) !== undefined) return { state }
  const podCIDRs: string[] = []
  const externalCIDRs: string[] = []
  let { allocation } = state
  for (const [names, given] of [[podCIDRs, asked.podCIDRs] as const, [externalCIDRs, asked.externalCIDRs] as const]) {
    for (const text of given) {
      const granted = getOrRemap(allocation, text)
      if ('denied' in granted) return { denied: `${text} of ${cluster}: ${granted.denied}` }
      allocation = granted.allocation
      names.push(granted.cidr)
    }
  }
  const clusters = { ...state.clusters, [cluster]: { remote: { podCIDRs, externalCIDRs } } }
  return { state: { ...state, allocation, clusters } }
}

/** What a peer calls our CIDRs; kept as first said until `withoutLocalNames`. */
export function withLocalNames(state: NetworkState, cluster: string, local: Subnets): Step {
  const known = clusterOf(state, cluster)
  if (known === undefined) return { denied: `${cluster} has no subnets yet` }
  if (known.local !== undefined) return { state }
  return { state: { ...state, clusters: { ...state.clusters, [cluster]: { ...known, local } } } }
}

/** Forgets what a peer calls us, and with it the endpoints mapped for it. */
export function withoutLocalNames(state: NetworkState, cluster: string): NetworkState {
  const known = clusterOf(state, cluster)
  if (known === undefined) return state
  const clusters = { ...state.clusters, [cluster]: { remote: known.remote } }
  const endpoints = Object.entries(state.endpoints)
    .map(([original, mapping]) => [original, withoutPeer(mapping, cluster)] as const)
    .filter(([, mapping]) => mapping.clusters.length > 0)
  return { ...state, clusters, endpoints: Object.fromEntries(endpoints) }
}

/** Unpeering: the peer's networks are free again. */
export function withoutCluster(state: NetworkState, cluster: string): NetworkState {
  const known = clusterOf(state, cluster)
  if (known === undefined) return state
  const { [cluster]: _, ...clusters } = state.clusters
  const allocation = [...known.remote.podCIDRs, ...known.remote.externalCIDRs].reduce(free, state.allocation)
  return { ...withoutLocalNames(state, cluster), allocation, clusters }
}

/** A mapping without one of its peers; without any left its external address is free. */
export function withoutPeer(mapping: EndpointMapping, cluster: string): EndpointMapping {
  return { ...mapping, clusters: mapping.clusters.filter((id) => id !== cluster) }
}

/** Own members only: a ClusterID such as `constructor` is no known peer. */
export function clusterOf(state: NetworkState, cluster: string): ClusterSubnets | undefined {
  return Object.hasOwn(state.clusters, cluster) ? state.clusters[cluster] : undefined
}

function reserveAll(state: NetworkState, texts: readonly string[]): Step {
  let { allocation } = state
  for (const text of texts) {
    const granted = reserve(allocation, text)
    if ('denied' in granted) return granted
    allocation = granted.allocation
  }
  return { state: { ...state, allocation } }
}

function familyOf(text: string): Family | undefined {
  const cidr = parseCidr(text)
  return 'unreadable' in cidr ? undefined : cidr.family
}

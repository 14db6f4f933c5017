import type { KubeObject } from '../../cluster/port.ts'
import { clusterPrefix } from '../../config/reader.ts'
import { DEFAULT_POOLS, type Denied } from '../../policy/allocation.ts'
import { type Cidr, formatCidr, holds, networkOf, parseCidr } from '../../policy/cidr.ts'
import {
  clusterOf,
  emptyNetworkState,
  type NetworkState,
  type Step,
  withExternalCIDR,
  withOwnCIDRs,
  withoutCluster,
  withRemoteSubnets,
  withReserved,
} from '../../policy/network-state.ts'
import { KEPT } from '../../policy/plan.ts'
import { fault, type Hindrance } from './hindrance.ts'
import { readState } from './ipam-storage.ts'
import { IPAM_NAME } from './names.ts'
import type { NetworkCluster } from './world.ts'

/** The two CIDRs that clusters tell each other, or names of them. */
export interface PairOfCIDRs {
  readonly podCIDR: string
  readonly externalCIDR: string
}

type Settings = Pick<NetworkCluster, 'id' | 'plan' | 'reservedSubnets'>

/**
 * What a cluster has given away, brought up to its settings: start-up order of Liqo v0.8.3 (pods, Services, reserved
 * subnets, external CIDR of the pod CIDR's length). Nothing that a peer was told of changes.
 * @param stored its IpamStorage, absent at first
 */
export function networkStateOf(settings: Settings, stored: KubeObject | undefined): NetworkState | Hindrance {
  const variable = (name: string) => `${clusterPrefix(settings.id)}${name}`
  const before = stored ? readState(stored) : { state: emptyNetworkState(POOLS) }
  if ('denied' in before) return fault('BrokenIpamStorage', brokenStorage(settings.id, before.denied))
  const own = ownNetworks(settings)
  const { podCIDR } = own
  if (podCIDR === undefined) return fault('NoPodCIDR', noPodCIDR(variable('POD_CIDR')))
  let { state } = before
  const steps: readonly (readonly [string, (state: NetworkState) => Step])[] = [
    // What is no longer reserved may be the cluster's own from now on.
    [variable('RESERVED_SUBNETS'), (now) => withReserved(now, stillReserved(now, own.reserved))],
    [variable('POD_CIDR'), (now) => withOwnCIDRs(now, 'podCIDRs', [podCIDR])],
    [variable('SERVICE_CIDR'), (now) => whereSet(now, 'serviceCIDRs', own.serviceCIDR)],
    [variable('RESERVED_SUBNETS'), (now) => withReserved(now, own.reserved)],
    [variable('EXTERNAL_CIDR'), (now) => whereSet(now, 'externalCIDRs', own.externalCIDR)],
    [variable('EXTERNAL_CIDR'), (now) => withExternalCIDR(now, lengthOf(podCIDR))],
  ]
  for (const [name, step] of steps) {
    const next = step(state)
    if ('denied' in next) return fault('NetworkInUse', `${name}: ${next.denied}; ${REMEDY}`)
    state = next.state
  }
  return state
}

const stillReserved = ({ reserved }: NetworkState, listed: readonly string[]) =>
  reserved.filter((text) => listed.includes(text))

const POOLS = DEFAULT_POOLS.filter((pool) => !pool.includes(':'))

const REMEDY =
  'choose another network; or, to change what peers know of, set NETWORKING_INTERNAL=false for the cluster until a sweep has removed its network'

function noPodCIDR(variable: string): string {
  return `${variable}: missing; set it to the cluster's IPv4 pod CIDR, or set NETWORKING_INTERNAL=false where another network joins the clusters`
}

function brokenStorage(cluster: string, denied: string): string {
  return `IpamStorage ${IPAM_NAME} in ${cluster} cannot be read: ${denied}; correct its spec, or delete it to have all networks named anew`
}

/** A CIDR that is no longer set is kept: peers know of it, or networks were chosen beside it. */
function whereSet(state: NetworkState, field: 'serviceCIDRs' | 'externalCIDRs', cidr: string | undefined): Step {
  return cidr === undefined ? { state } : withOwnCIDRs(state, field, [cidr])
}

/** The IPv4 networks of the settings. What is the cluster's own but not negotiated must not stand for another's either. */
function ownNetworks({ plan, reservedSubnets }: Settings) {
  const [podCIDR, ...morePods] = networksIn(plan.podCIDRs)
  const [serviceCIDR, ...moreServices] = networksIn(plan.serviceCIDRs)
  const [externalCIDR, ...moreExternals] = networksIn(plan.externalCIDRs)
  const reserved = [...morePods, ...moreServices, ...moreExternals, ...networksIn(reservedSubnets)]
  return { podCIDR, serviceCIDR, externalCIDR, reserved }
}

function networksIn(texts: readonly string[]): string[] {
  return texts.flatMap((text) => {
    const cidr = parseCidr(text)
    return 'unreadable' in cidr || cidr.family !== 4 ? [] : [formatCidr(networkOf(cidr))]
  })
}

function lengthOf(cidr: string): number {
  return (parseCidr(cidr) as Cidr).length
}

/** What a cluster tells its peers of itself. */
export function ownCIDRs({ podCIDRs, externalCIDRs }: NetworkState): PairOfCIDRs {
  return { podCIDR: podCIDRs[0]!, externalCIDR: externalCIDRs[0]! }
}

/**
 * The cluster's names for a peer's networks, in the words of a NetworkConfig's status: `None` where the name is kept.
 * Given once they stay, until unpeering; only a peer that came back with networks of another size gets new ones.
 * @param used IPv4 addresses that packets go to outside the tunnel: no new name holds one
 */
export function nameNetworks(
  state: NetworkState,
  peer: string,
  asked: PairOfCIDRs,
  used: readonly string[] = [],
): { state: NetworkState; names: PairOfCIDRs } | Denied {
  if (isNamed(state, peer, asked)) return { state, names: namesOf(state, peer, asked) }
  const before = withoutCluster(state, peer)
  const subnets = { podCIDRs: [asked.podCIDR], externalCIDRs: [asked.externalCIDR] }
  const avoided: string[] = []
  for (;;) {
    const next = avoiding(before, avoided, (now) => withRemoteSubnets(now, peer, subnets))
    if ('denied' in next) return next
    const { podCIDRs, externalCIDRs } = clusterOf(next.state, peer)!.remote
    const inUse = [...podCIDRs, ...externalCIDRs].filter((name) => used.some((address) => holds(name, address)))
    if (inUse.length === 0) return { state: next.state, names: namesOf(next.state, peer, asked) }
    avoided.push(...inUse)
  }
}

function namesOf(state: NetworkState, peer: string, asked: PairOfCIDRs): PairOfCIDRs {
  const { podCIDRs, externalCIDRs } = clusterOf(state, peer)!.remote
  const nameOf = (given: string | undefined, own: string) => (given === own ? KEPT : given!)
  return {
    podCIDR: nameOf(podCIDRs[0], asked.podCIDR),
    externalCIDR: nameOf(externalCIDRs[0], asked.externalCIDR),
  }
}

/** Whether the peer's networks have names, so that none is to be given. */
export function isNamed(state: NetworkState, peer: string, asked: PairOfCIDRs): boolean {
  const known = clusterOf(state, peer)?.remote
  return (
    known !== undefined &&
    lengthOf(known.podCIDRs[0]!) === lengthOf(asked.podCIDR) &&
    lengthOf(known.externalCIDRs[0]!) === lengthOf(asked.externalCIDR)
  )
}

/** Takes a step as if the networks were taken, which nobody remembers: what is in use is looked at for each new name. */
function avoiding(state: NetworkState, networks: readonly string[], step: (state: NetworkState) => Step): Step {
  const { allocation } = state
  const next = step({ ...state, allocation: { ...allocation, taken: [...allocation.taken, ...networks] } })
  if ('denied' in next) return next
  const taken = next.state.allocation.taken.filter((one) => !networks.includes(one))
  return { state: { ...next.state, allocation: { ...next.state.allocation, taken } } }
}

/** The state without peers that are none any more. */
export function withPeers(state: NetworkState, peers: readonly string[]): NetworkState {
  return Object.keys(state.clusters)
    .filter((id) => !peers.includes(id))
    .reduce(withoutCluster, state)
}

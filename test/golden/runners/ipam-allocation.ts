import { formatAddress, parseAddress } from '../../../lib/policy/address.ts'
import { alloc, type Denied, emptyAllocation, free, type Granted, reserve } from '../../../lib/policy/allocation.ts'
import { contains, parseCidr, remap } from '../../../lib/policy/cidr.ts'
import { mapEndpoint, retainEndpoints } from '../../../lib/policy/endpoint-mapping.ts'
import * as network from '../../../lib/policy/network-state.ts'
import { inputOf, type Runners } from '../runner.ts'

type Operation = readonly [name: string, ...args: string[]]

/** An answer, and the state after it where it changed. */
interface Done {
  answer: unknown
  state?: network.NetworkState
}

type Act = (state: network.NetworkState, ...args: string[]) => Done

/** The address manager of v0.8.3. */
const ACTS: Readonly<Record<string, Act>> = {
  setPodCIDR: (state, cidr = '') => step(network.withOwnCIDRs(state, 'podCIDRs', [cidr])),
  setServiceCIDR: (state, cidr = '') => step(network.withOwnCIDRs(state, 'serviceCIDRs', [cidr])),
  setReservedSubnets: (state, ...cidrs) => step(network.withReserved(state, cidrs)),
  acquireReservedSubnet: (state, cidr = '') => granted(state, reserve(state.allocation, cidr)),
  freeReservedSubnet: (state, cidr = '') => ok({ ...state, allocation: free(state.allocation, cidr) }),
  getExternalCIDR: (state, length) =>
    step(network.withExternalCIDR(state, Number(length)), ({ externalCIDRs }) => externalCIDRs[0]),
  getSubnetsPerCluster: (state, pod = '', external = '', cluster = '') =>
    step(network.withRemoteSubnets(state, cluster, { podCIDRs: [pod], externalCIDRs: [external] }), (after) => {
      const { podCIDRs, externalCIDRs } = (after.clusters[cluster] as network.ClusterSubnets).remote
      return { podCIDR: podCIDRs[0], externalCIDR: externalCIDRs[0] }
    }),
  addLocalSubnetsPerCluster: (state, pod = '', external = '', cluster = '') =>
    step(network.withLocalNames(state, cluster, { podCIDRs: [pod], externalCIDRs: [external] })),
  removeLocalSubnetsPerCluster: (state, cluster = '') => ok(network.withoutLocalNames(state, cluster)),
  removeClusterConfig: (state, cluster = '') => ok(network.withoutCluster(state, cluster)),
  mapEndpointIP: (state, cluster = '', ip = '') => {
    const mapped = mapEndpoint(state, cluster, ip)
    return 'denied' in mapped ? error(mapped) : { answer: mapped.address, state: mapped.state }
  },
  unmapEndpointIP: (state, cluster = '', ip = '') => {
    const others = Object.keys(state.endpoints).filter((original) => original !== ip)
    return ok(retainEndpoints(state, cluster, others))
  },
  getHomePodIP: (state, cluster = '', ip = '') => ({ answer: homePodIP(state, cluster, ip) }),
  belongsToPodCIDR: (state, ip = '') => {
    const [address, cidr] = [parseAddress(ip), parseCidr(state.podCIDRs[0] ?? '')]
    if ('unreadable' in address || 'unreadable' in cidr) return { answer: { error: 'unreadable' } }
    return { answer: contains(cidr, address) }
  },
}

/** The allocator of v1.2.0. */
const CORE_ACTS: Readonly<Record<string, Act>> = {
  networkAcquire: (state, length) => orNull(state, alloc(state.allocation, Number(length))),
  networkAcquireWithPrefix: (state, cidr = '') => orNull(state, reserve(state.allocation, cidr)),
  networkIsAvailable: (state, cidr = '') => ({ answer: 'allocation' in reserve(state.allocation, cidr) }),
  networkRelease: (state, cidr = '') => {
    const allocation = free(state.allocation, cidr)
    const isFreed = allocation.taken.length < state.allocation.taken.length
    return { answer: isFreed ? cidr : null, state: { ...state, allocation } }
  },
  listNetworks: (state) => ({ answer: state.allocation.taken }),
}

export const ipamAllocation: Runners = {
  IpamSequence: (given) => run(inputOf(given), ACTS),
  IpamCoreSequence: (given) => run(inputOf(given), CORE_ACTS),
}

function run({ pools = [], ops = [] }: { pools?: string[]; ops?: Operation[] }, acts: Readonly<Record<string, Act>>) {
  const answers: unknown[] = []
  let state: network.NetworkState = { ...network.emptyNetworkState(), allocation: emptyAllocation(pools) }
  for (const [name, ...args] of ops) {
    const act = Object.hasOwn(acts, name) ? acts[name] : undefined
    if (act === undefined)
      throw new RangeError(`nothing answers the operation ${name}: add it to runners/ipam-allocation.ts`)
    const done = act(state, ...args)
    answers.push(done.answer)
    state = done.state ?? state
  }
  return answers
}

function step(result: network.Step, answer: (state: network.NetworkState) => unknown = () => 'ok'): Done {
  return 'denied' in result ? error(result) : { answer: answer(result.state), state: result.state }
}

function granted(state: network.NetworkState, result: Granted | Denied): Done {
  return 'denied' in result ? error(result) : ok({ ...state, allocation: result.allocation })
}

function orNull(state: network.NetworkState, result: Granted | Denied): Done {
  if ('denied' in result) return { answer: null }
  return { answer: result.cidr, state: { ...state, allocation: result.allocation } }
}

function ok(state: network.NetworkState): Done {
  return { answer: 'ok', state }
}

function error({ denied }: Denied): Done {
  return { answer: { error: denied } }
}

/** Liqo renames whatever it is given; our policy refuses what is outside the peer's pod CIDRs. */
function homePodIP(state: network.NetworkState, cluster: string, ip: string): unknown {
  const [address, cidr] = [parseAddress(ip), parseCidr(state.clusters[cluster]?.remote.podCIDRs[0] ?? '')]
  if ('unreadable' in address || 'unreadable' in cidr) return { error: 'unreadable' }
  const renamed = remap(address, cidr)
  return renamed ? formatAddress(renamed) : { error: 'of another family' }
}

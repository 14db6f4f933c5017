import { apiVersionOf, type KubeObject } from '../../cluster/port.ts'
import { IPAM_STORAGE } from '../../cluster/resources.ts'
import { isMap, mapOf } from '../../kinds/json.ts'
import { reserve } from '../../policy/allocation.ts'
import { emptyNetworkState, type NetworkState, type Step } from '../../policy/network-state.ts'
import { IPAM_NAME, managed } from './names.ts'

/** The state as it is kept in the cluster. Which networks are taken follows from it. */
export function ipamStorage(state: NetworkState): KubeObject {
  const clusters = Object.entries(state.clusters).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const [serviceCIDR] = state.serviceCIDRs
  return {
    apiVersion: apiVersionOf(IPAM_STORAGE),
    kind: IPAM_STORAGE.kind,
    metadata: { name: IPAM_NAME, labels: managed() },
    spec: {
      pools: state.allocation.pools,
      podCIDR: state.podCIDRs[0],
      externalCIDR: state.externalCIDRs[0],
      ...(serviceCIDR === undefined ? {} : { serviceCIDR }),
      reservedSubnets: state.reserved,
      clusterSubnets: Object.fromEntries(
        clusters.map(([id, { remote }]) => [
          id,
          { remotePodCIDR: remote.podCIDRs[0], remoteExternalCIDR: remote.externalCIDRs[0] },
        ]),
      ),
    },
  }
}

/** The state that an IpamStorage holds. Denied: a network of it overlaps another, or is none. */
export function readState({ spec }: KubeObject): Step {
  const { pools, podCIDR, serviceCIDR, externalCIDR, reservedSubnets, clusterSubnets } = mapOf(spec)
  const clusters = Object.entries(mapOf(clusterSubnets)).flatMap(([id, subnets]) => {
    if (!isMap(subnets)) return []
    const { remotePodCIDR, remoteExternalCIDR } = subnets
    return [[id, { remote: { podCIDRs: textsOf(remotePodCIDR), externalCIDRs: textsOf(remoteExternalCIDR) } }] as const]
  })
  const state: NetworkState = {
    ...emptyNetworkState(textsOf(pools)),
    podCIDRs: textsOf(podCIDR),
    serviceCIDRs: textsOf(serviceCIDR),
    externalCIDRs: textsOf(externalCIDR),
    reserved: textsOf(reservedSubnets),
    clusters: Object.fromEntries(clusters),
  }
  const remotes = clusters.flatMap(([, { remote }]) => [...remote.podCIDRs, ...remote.externalCIDRs])
  let { allocation } = state
  for (const cidr of [
    ...state.podCIDRs,
    ...state.serviceCIDRs,
    ...state.reserved,
    ...state.externalCIDRs,
    ...remotes,
  ]) {
    const granted = reserve(allocation, cidr)
    if ('denied' in granted) return granted
    allocation = granted.allocation
  }
  return { state: { ...state, allocation } }
}

function textsOf(value: unknown): string[] {
  const values = Array.isArray(value) ? value : [value]
  return values.filter((text) => typeof text === 'string')
}

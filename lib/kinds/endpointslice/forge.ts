import type { KubeObject } from '../../cluster/port.ts'
import { clusterPrefix } from '../../config/reader.ts'
import { freeAddresses, lackingMappings } from '../../flows/mapping/allocate.ts'
import { isHeld } from '../../flows/reachability/lease.ts'
import { outOfReach } from '../../flows/reachability/withdrawn.ts'
import { parseAddress } from '../../policy/address.ts'
import { contains } from '../../policy/cidr.ts'
import { addressesTowardsRemote, type EndpointAddresses } from '../../policy/lists.ts'
import { rangesOf } from '../../policy/plan.ts'
import { policyOf } from '../../policy/policy.ts'
import { mapOf, mapsOf } from '../json.ts'
import type { Context, Found } from '../kind.ts'
import { filled, remoteMeta, without } from '../meta.ts'
import { externalCIDR, isNegotiable, negotiatedNetworks } from '../negotiated.ts'

/** Label that keeps the remote cluster's own controllers from the slice, and us from theirs. */
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
export const MANAGER = 'endpointslice.reflection.liqo.io'

/** Label of a node: the cluster that it stands for. */
const REMOTE_CLUSTER = 'liqo.io/remote-cluster-id'

type Endpoint = Record<string, unknown>

/**
 * The EndpointSlice to apply remotely: the home endpoints that are not there already, under addresses that pods there
 * can use. Liqo needs two steps and a ShadowEndpointSlice between them, as each of its clusters translates one half of
 * an address; a function knows both halves. Everything but the endpoints travels as it is: address type, ports (none
 * means all), labels, with them the Service's name, and as many endpoints as the source has (at most 1,000: a Service
 * with more has several slices). A slice without any endpoint left is still made, as Liqo makes it.
 *
 * Readiness is what home says of an endpoint, while home is in reach (lib/flows/reachability).
 *
 * Source of the rule: Liqo v1.2, `pkg/virtualKubelet/forge/endpointslices.go`.
 * @param found `nodes`: those that the endpoints name; `tunnel`, `lease` and `mappings`: of the internal network, where it
 *   is meant
 */
export function remoteEndpointSlice(source: KubeObject, context: Context, found: Found): KubeObject {
  const { labels, ...metadata } = remoteMeta(source, context)
  const endpoints = sorted(source, context, found).flatMap(({ endpoint, towards: { addresses } }) =>
    addresses.length === 0 ? [] : [remoteEndpoint(endpoint, addresses, context, found)],
  )
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { ...labels, [MANAGED_BY]: MANAGER } },
    ...filled(without(source, ['apiVersion', 'kind', 'metadata', 'endpoints'])),
    endpoints,
  }
}

/** What became of the addresses that do not go over: one sentence a reason, with the first of its addresses. */
export function withheldAddresses(source: KubeObject, context: Context, found: Found): string[] {
  const towards = sorted(source, context, found).map((one) => one.towards)
  const unmapped = towards.flatMap(({ needsMapping }) => needsMapping)
  const refused = Map.groupBy(
    towards.flatMap((one) => one.refused),
    (refusal) => refusal.refused,
  )
  return [
    ...sentence(unmapped.length, `${unmapped[0]} has ${whyUnmapped(context, found)}`),
    ...[...refused.values()].flatMap((some) => sentence(some.length, some[0]!.why)),
  ]
}

function whyUnmapped(context: Context, found: Found): string {
  const { home, remote } = context
  const external = externalCIDR(context, found)
  if (!external || freeAddresses(external, found.mappings ?? [], 1).length > 0) {
    return `no address in the external CIDR of ${home} yet`
  }
  const remedy = `show fewer such endpoints, or set a larger ${clusterPrefix(home)}EXTERNAL_CIDR`
  return `no address in ${external.cidr}, the external CIDR of ${home}, as all are in use for ${remote}: ${remedy}`
}

/**
 * Mappings to write so that every endpoint outside home's pod CIDR has an address for the remote cluster. Pure.
 * @param found as of remoteEndpointSlice
 */
export function neededMappings(source: KubeObject, context: Context, found: Found): KubeObject[] {
  const external = externalCIDR(context, found)
  if (!external || !mayNeedMappings(source, context)) return []
  return lackingMappings(external, externalOriginals(source, context, found), found.mappings ?? [])
}

/** Addresses of a slice's endpoints that the remote cluster reaches by mappings only, canonical, each once. */
export function externalOriginals(source: KubeObject, context: Context, found: Found): string[] {
  const towards = sorted(source, context, { ...found, mappings: [] }).map((one) => one.towards)
  return [...new Set(towards.flatMap(({ needsMapping }) => needsMapping))]
}

/** False for a slice of pods alone, by what is configured: most are, and need no look at mappings. */
export function mayNeedMappings(source: KubeObject, context: Context): boolean {
  if (!isNegotiable(context) || source.addressType !== 'IPv4') return false
  // Of several pod CIDRs the first IPv4 one is negotiated: an endpoint in another is reached by a mapping.
  const pods = rangesOf(context.networks.home.plan).pods.find(({ family }) => family === 4)
  const isPod = (text: string) => {
    const address = parseAddress(text)
    return pods !== undefined && !('unreadable' in address) && contains(pods, address)
  }
  return addressesOf(source).some((text) => !isPod(text))
}

/** All addresses of a slice, as they stand there. */
export function addressesOf({ endpoints }: KubeObject): string[] {
  return mapsOf(endpoints).flatMap(({ addresses }) => textsOf(addresses))
}

function sentence(count: number, why: string): string[] {
  if (count === 0) return []
  return [count === 1 ? `1 address withheld: ${why}` : `${count} addresses withheld, the first because ${why}`]
}

/** The endpoints that are not in the remote cluster already, and what policy says of their addresses. */
function sorted(
  source: KubeObject,
  context: Context,
  found: Found,
): { endpoint: Endpoint; towards: EndpointAddresses }[] {
  const { home, remote, mappings } = negotiatedNetworks(context, found)
  const policy = policyOf(home, remote, mappings)
  const isElsewhere = elsewhere(context.remote, found)
  return mapsOf(source.endpoints)
    .filter(isElsewhere)
    .map((endpoint) => ({ endpoint, towards: addressesTowardsRemote(policy, textsOf(endpoint.addresses)) }))
}

/**
 * False for an endpoint on a virtual node of the remote cluster, which has it natively, and for one on a node that is
 * not known, or bears no label at all and so does not say what it stands for (Liqo v1.2). Without a node: true.
 */
function elsewhere(remote: string, { nodes = [] }: Found): (endpoint: Endpoint) => boolean {
  const labels = new Map(nodes.map(({ metadata }) => [metadata.name, metadata.labels]))
  return ({ nodeName }) => {
    if (typeof nodeName !== 'string') return true
    const own = labels.get(nodeName)
    return own !== undefined && own[REMOTE_CLUSTER] !== remote
  }
}

/** The names of the nodes that a slice's endpoints are on, each once. */
export function nodesOf(source: KubeObject): string[] {
  const names = mapsOf(source.endpoints).map(({ nodeName }) => nodeName)
  return [...new Set(names.filter((name) => typeof name === 'string'))].filter((name) => name !== '')
}

/**
 * Zone and hints are home's, and kept. The node is the home cluster as a whole, also in hints, as the remote cluster may
 * have nodes of the same names. What a reference names is marked as something remote, so that nobody looks for a pod of
 * that name there. All conditions are kept (Liqo keeps `ready` only, so that terminating pods of home look lost at once).
 */
function remoteEndpoint(
  endpoint: Endpoint,
  addresses: readonly string[],
  { home }: Context,
  { lease = [] }: Found,
): Endpoint {
  const { targetRef, hints } = endpoint
  const conditions = filled(mapOf(endpoint.conditions))
  return {
    ...filled(without(endpoint, ['deprecatedTopology', 'targetRef'])),
    ...(mapsOf(mapOf(hints).forNodes).length > 0 && { hints: { ...mapOf(hints), forNodes: [{ name: home }] } }),
    addresses,
    conditions: lease.every(isHeld) ? conditions : outOfReach(conditions),
    nodeName: home,
    ...(targetRef != null && {
      targetRef: { ...mapOf(targetRef), kind: remoteKind(mapOf(targetRef).kind) },
    }),
  }
}

/** e.g. `Pod` -> `RemotePod` */
export function remoteKind(kind: unknown): string {
  return `Remote${typeof kind === 'string' ? kind : ''}`
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

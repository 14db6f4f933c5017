import type { KubeObject } from '../../lib/cluster/port.ts'
import { SYSTEM_NAMESPACE } from '../../lib/cluster/resources.ts'
import { newMapping } from '../../lib/flows/mapping/mapping.ts'
import { MANAGED_BY } from '../../lib/kinds/endpointslice/forge.ts'
import { eachMap, type Json, mapOf, mapsOf } from '../../lib/kinds/json.ts'
import type { Networks } from '../../lib/kinds/kind.ts'
import { DESTINATION, filled, ORIGIN, without } from '../../lib/kinds/meta.ts'
import { parseAddress } from '../../lib/policy/address.ts'
import { contains, parseCidr } from '../../lib/policy/cidr.ts'
import { lowestFree } from '../../lib/policy/endpoint-mapping.ts'
import type { Outcome } from '../../lib/policy/outcome.ts'
import { KEPT } from '../../lib/policy/plan.ts'
import { addressTowardsRemote, type PlannedCluster, policyOf } from '../../lib/policy/policy.ts'
import type { NegotiatedPlan } from '../../lib/policy/tunnel.ts'
import type { Golden } from './cases.ts'
import { type Configuration, cidrsOf, isConfigured } from './configuration.ts'
import { contextOf } from './context.ts'
import { inputOf } from './runner.ts'
import { toSlice } from './slices.ts'

/**
 * What a case of Liqo's controller of ShadowEndpointSlices (`endpointslice-remote`) says, in our terms:
 *
 * | case, all in the remote cluster | ours |
 * |---|---|
 * | ShadowEndpointSlice | the home slice that it stands for, none where it names no origin |
 * | ForeignCluster of the origin | the peering |
 * | its networking module is enabled | `internal`, on both sides |
 * | its NetworkConnectionStatus | the tunnel's, in the TunnelEndpoint at home |
 * | its APIServerStatus | whether home answers |
 * | Configuration of the origin | CIDRs and names of the TunnelEndpoint; none while they are not agreed on |
 * | an address in home's external CIDR | one of RFC 5737 at home, and the EndpointMapping for it |
 */

/** What is set where a case says nothing of the remote cluster's own CIDRs. */
const UNTOLD = {
  remotePodCIDR: '198.51.100.0/25',
  remoteNATPodCIDR: KEPT,
  remoteExternalCIDR: '198.51.100.128/25',
  remoteNATExternalCIDR: KEPT,
}

/** Annotation that Liqo's virtual kubelet puts on a ShadowEndpointSlice: the addresses of pods of third clusters. */
const DIRECT = 'liqo.io/direct-connections-data'

/** Label of Liqo's objects about a peer: its ClusterID. */
const PEER = 'liqo.io/remote-cluster-id'

function objectsOf(given: Golden, kind: string): KubeObject[] {
  const { objects = [] } = inputOf<{ objects: KubeObject[] }>(given)
  return objects.filter((object) => object.kind === kind)
}

function named(given: Golden, kind: string): KubeObject | undefined {
  return objectsOf(given, kind).find(({ metadata }) => metadata.name === given.params.name)
}

function ofHome(given: Golden, kind: string): KubeObject | undefined {
  return objectsOf(given, kind).find(({ metadata }) => metadata.labels?.[PEER] === contextOf(given).home)
}

/** The ShadowEndpointSlice that the key names. */
export function shadowOf(given: Golden): KubeObject | undefined {
  return named(given, 'ShadowEndpointSlice')
}

/** The EndpointSlice that is in the remote cluster already. */
export function standingSlice(given: Golden): KubeObject | undefined {
  return named(given, 'EndpointSlice')
}

export function isPeered(given: Golden): boolean {
  return ofHome(given, 'ForeignCluster') !== undefined
}

/** How home is reached, as the remote cluster sees it. */
export interface Reach {
  isInternal: boolean
  isTunnelUp: boolean
  doesHomeAnswer: boolean
}

export function reachOf(given: Golden): Reach {
  const { conditions, modules } = mapOf(ofHome(given, 'ForeignCluster')?.status)
  const { enabled, conditions: network } = mapOf(mapOf(modules).networking)
  return {
    isInternal: enabled === true,
    isTunnelUp: statusOf(network, 'NetworkConnectionStatus') === 'Established',
    doesHomeAnswer: ['Established', 'None'].includes(statusOf(conditions, 'APIServerStatus')),
  }
}

/** Liqo's `None`: no such condition. */
function statusOf(conditions: unknown, type: string): string {
  return String(mapsOf(conditions).find((condition) => condition.type === type)?.status ?? 'None')
}

/** Home's CIDRs and their names, of several the first, as ever; undefined where nothing is remapped, or not yet. */
function negotiated(given: Golden): NegotiatedPlan | undefined {
  const configuration = ofHome(given, 'Configuration') as Configuration | undefined
  if (!reachOf(given).isInternal || !configuration || !isConfigured(configuration)) return undefined
  const [own, names] = [configuration.spec, configuration.status].map((part) => {
    const { podCIDRs, externalCIDRs } = cidrsOf(part)
    return { podCIDRs: podCIDRs.slice(0, 1), externalCIDRs: externalCIDRs.slice(0, 1) }
  })
  return { ...own!, seenAs: names! }
}

/** The flags, and the CIDRs as configured: none, what counts is negotiated. */
export function networksOfPeering(given: Golden): Networks {
  const { home, remote } = contextOf(given)
  const networking = { internal: reachOf(given).isInternal, reflectIPs: true }
  const plan = { podCIDRs: [], externalCIDRs: [], serviceCIDRs: [] }
  const planned = (id: string): PlannedCluster => ({ id, networking, plan })
  return { home: planned(home), remote: planned(remote) }
}

/** The TunnelEndpoint at home, one unless nothing is negotiated. */
export function tunnelsOf(given: Golden, isUp: boolean): KubeObject[] {
  const plan = negotiated(given)
  if (!plan) return []
  const spec = {
    localPodCIDR: plan.podCIDRs[0],
    localNATPodCIDR: plan.seenAs?.podCIDRs[0],
    localExternalCIDR: plan.externalCIDRs[0],
    localNATExternalCIDR: plan.seenAs?.externalCIDRs[0],
    ...UNTOLD,
  }
  return [
    {
      apiVersion: 'net.liqo.io/v1alpha1',
      kind: 'TunnelEndpoint',
      metadata: { name: contextOf(given).remote, namespace: SYSTEM_NAMESPACE },
      spec,
      status: { connection: { status: isUp ? 'Connected' : 'Connecting' } },
    },
  ]
}

/** Where an address of the shadow lies: `pods` and `externals` are home's, each the only one that counts. */
export function rangeOf(given: Golden, text: string): 'pods' | 'externals' | undefined {
  const { podCIDRs = [], externalCIDRs = [] } = negotiated(given) ?? {}
  const address = parseAddress(text)
  const isIn = (cidrs: readonly string[]) => {
    const cidr = parseCidr(cidrs[0] ?? '')
    return !('unreadable' in address) && !('unreadable' in cidr) && contains(cidr, address)
  }
  return isIn(podCIDRs) ? 'pods' : isIn(externalCIDRs) ? 'externals' : undefined
}

/** By external address: what it stands for at home. */
function originalsOf(given: Golden): Map<string, string> {
  const externals = addressesOf(given).filter((text) => rangeOf(given, text) === 'externals')
  return new Map(externals.map((external, index) => [external, `192.0.2.${index + 1}`]))
}

export function mappingsOfHome(given: Golden): KubeObject[] {
  const { remote } = contextOf(given)
  return [...originalsOf(given)].map(([external, original]) => newMapping(remote, original, external))
}

/** Its endpoints are on no node: a shadow does not tell the nodes of home. */
export function homeSliceOf(given: Golden): KubeObject | undefined {
  const shadow = shadowOf(given)
  if (shadow?.metadata.labels?.[ORIGIN] === undefined) return undefined
  const { name, uid, labels, annotations } = shadow.metadata
  const originals = originalsOf(given)
  const { endpoints, ...template } = templateOf(given)
  return {
    ...toSlice({ metadata: { name }, spec: { template } }),
    metadata: {
      name,
      namespace: contextOf(given).homeNamespace,
      ...(uid && { uid }),
      ...filled({
        labels: without(labels, [ORIGIN, DESTINATION, MANAGED_BY]),
        annotations: without(annotations, [DIRECT]),
      }),
    },
    endpoints: eachMap(endpoints, ({ nodeName: _, ...endpoint }) => ({
      ...endpoint,
      addresses: (endpoint.addresses as string[]).map((text) => originals.get(text) ?? text),
      ...(endpoint.targetRef != null && { targetRef: homeReference(mapOf(endpoint.targetRef)) }),
    })),
  }
}

function homeReference({ kind, ...reference }: Json): Json {
  return { ...reference, kind: String(kind).replace(/^Remote/, '') }
}

/** The slice in a shadow. */
export function templateOf(given: Golden): Json {
  return mapOf(mapOf(shadowOf(given)?.spec).template)
}

/** Whether the address is a third cluster's, by what Liqo's virtual kubelet says of it. */
export function isDirect(given: Golden, text: string): boolean {
  const { clusterAddresses } = parsed(shadowOf(given)?.metadata.annotations?.[DIRECT] ?? '{}')
  return Object.values(mapOf(clusterAddresses)).flat().includes(text)
}

/** What is no JSON makes Liqo fail, and says nothing here. */
function parsed(text: string): Json {
  try {
    return mapOf(JSON.parse(text))
  } catch {
    return {}
  }
}

/** Whether Liqo leaves the endpoint of the shadow out, as it may be reached by a direct connection only. */
export function isDenied(given: Golden, { addresses }: Json): boolean {
  return given.params.denyDirectConnections === true && (addresses as string[]).some((text) => isDirect(given, text))
}

/** All addresses of the shadow, each once. */
function addressesOf(given: Golden): string[] {
  return [...new Set(mapsOf(templateOf(given).endpoints).flatMap(({ addresses }) => addresses as string[]))]
}

/** What becomes of an address of the shadow: those that home has no address for get its lowest free external ones. */
export function outcomeOf(given: Golden, text: string): Outcome {
  const { home, remote } = networksOfPeering(given)
  const plan = negotiated(given)
  const named = { ...home, plan: { ...home.plan, ...plan } }
  const taken = addressesOf(given).filter((one) => rangeOf(given, one) === 'externals')
  const told = Object.fromEntries(taken.map((one) => [one, one]))
  const external = parseCidr(plan?.externalCIDRs[0] ?? '')
  if ('unreadable' in external) return addressTowardsRemote(policyOf(named, remote), text)
  const lacking = addressesOf(given).filter(
    (one) => 'needsMapping' in addressTowardsRemote(policyOf(named, remote, told), one),
  )
  const free = lowestFree(external, new Set(taken), lacking.length)
  const lent = Object.fromEntries(lacking.map((one, index) => [one, free[index] ?? '']))
  return addressTowardsRemote(policyOf(named, remote, { ...told, ...lent }), text)
}

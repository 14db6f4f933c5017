import type { KubeObject } from '../../lib/cluster/port.ts'
import { type Json, mapOf, mapsOf } from '../../lib/kinds/json.ts'
import { filled, without } from '../../lib/kinds/meta.ts'
import type { Golden } from './cases.ts'
import { localOf } from './reflection.ts'
import { inputOf } from './runner.ts'

/** Liqo writes a ShadowEndpointSlice, we the EndpointSlice itself: the same fields, in `spec.template`. */
export function toShadow(slice: KubeObject): { metadata: KubeObject['metadata']; spec: { template: Json } } {
  // Typed objects leave empty lists out.
  const template = filled(without(slice, ['apiVersion', 'kind', 'metadata']))
  return { metadata: slice.metadata, spec: { template } }
}

/** Metadata: what a writer sends, without what the API server or others add. */
export function toSlice({ metadata, spec }: { metadata: KubeObject['metadata']; spec?: unknown }): KubeObject {
  const { name, namespace, labels, annotations } = metadata
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, ...filled({ namespace, labels, annotations }) },
    endpoints: [],
    ...mapOf(mapOf(spec).template),
  }
}

interface Input {
  local: KubeObject | KubeObject[]
  nodes: KubeObject[]
}

/** The home slice of a case of either kind. */
export function homeSlice(given: Golden): KubeObject | undefined {
  const { local } = inputOf<Input>(given)
  return Array.isArray(local) ? localOf(given) : local
}

/** Its endpoints that are on no node, or on one with labels that do not name the remote cluster. */
export function endpointsElsewhere(given: Golden): Json[] {
  const { local, nodes } = inputOf<Input>(given)
  const known = nodes ?? (Array.isArray(local) ? local.filter(({ kind }) => kind === 'Node') : [])
  const { id } = given.params.remoteCluster as { id: string }
  return mapsOf(homeSlice(given)?.endpoints).filter(({ nodeName }) => {
    const labels = known.find(({ metadata }) => metadata.name === nodeName)?.metadata.labels
    return nodeName === undefined || (labels !== undefined && labels['liqo.io/remote-cluster-id'] !== id)
  })
}

/** Whether the address is in one of the case's pod CIDRs, which end at whole numbers. */
export function isPodOf({ params }: Golden, address: string): boolean {
  const { localPodCIDRs = [] } = params as { localPodCIDRs?: string[] }
  return localPodCIDRs.some((cidr) => address.startsWith(cidr.replace(/(\.0)*\/.*/, '.')))
}

/** What Liqo would apply if it applied a slice: for cases where it writes nothing, from what the case says. */
export function appliedSlice(given: Golden): KubeObject {
  const { metadata, addressType, ports } = homeSlice(given) as KubeObject
  const { localCluster, remoteCluster, remoteNamespace } = given.params as Record<string, { id: string }>
  const labels = {
    ...metadata.labels,
    'offloading.liqo.io/origin': localCluster?.id ?? '',
    'offloading.liqo.io/destination': remoteCluster?.id ?? '',
    'endpointslice.kubernetes.io/managed-by': 'endpointslice.reflection.liqo.io',
  }
  const endpoints = endpointsElsewhere(given).flatMap(({ addresses, conditions = {} }) => {
    const pods = (addresses as string[]).filter((address) => isPodOf(given, address))
    return pods.length === 0 ? [] : [{ addresses: pods, conditions, nodeName: localCluster?.id }]
  })
  const namespace = String(remoteNamespace)
  return toSlice({
    metadata: { ...metadata, namespace, labels },
    spec: { template: { addressType, ports, endpoints } },
  })
}

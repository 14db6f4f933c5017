import type { KubeObject } from '../../cluster/port.ts'

/** What the objects of the internal network are called in every cluster, and how ours are told. */

/** The NetworkConfig that says a cluster's own parameters to a peer, and the one that says the peer's. */
export function toName(peer: string): string {
  return `to-${peer}`
}

export function fromName(peer: string): string {
  return `from-${peer}`
}

export const IPAM_NAME = 'ipamstorage-heliograph'

const MANAGED_BY = 'app.kubernetes.io/managed-by'
const MANAGER = 'heliograph'

/** Selector of all that is ours. */
export const MANAGED = `${MANAGED_BY}=${MANAGER}`

/** Label: ClusterID of the peer that an object is about (Liqo's, of TunnelEndpoints). */
export const PEER = 'clusterID'

/** Labels of what is ours. @param peer where it is about one */
export function managed(peer?: string): Record<string, string> {
  return { [MANAGED_BY]: MANAGER, ...(peer === undefined ? {} : { [PEER]: peer }) }
}

/** Only these are ever changed or deleted. */
export function isManaged({ metadata }: KubeObject): boolean {
  return metadata.labels?.[MANAGED_BY] === MANAGER
}

/** ClusterID of the peer that an object is about. */
export function peerOf({ metadata }: KubeObject): string {
  return metadata.labels?.[PEER] ?? ''
}

/** For people, e.g. `TunnelEndpoint heliograph/milan`. */
export function described({ kind }: { readonly kind: string }, { metadata: { namespace, name } }: KubeObject): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}

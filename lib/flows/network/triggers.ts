import type { Resource } from '../../cluster/port.ts'
import {
  CONFIGMAP,
  DAEMON_SET,
  DEPLOYMENT,
  ENDPOINT_MAPPING,
  IPAM_STORAGE,
  NETWORK_CONFIG,
  NODE,
  POD,
  SECRET,
  SERVICE,
  SYSTEM_NAMESPACE,
  TUNNEL_ENDPOINT,
} from '../../cluster/resources.ts'
import type { Trigger } from '../../event/triggers.ts'

/** Room of the bus. */
export const NETWORK = 'network'

/**
 * What an event is about, where it is not a NetworkConfig or a TunnelEndpoint, which name the peer: `parameters` concern
 * all peers of the cluster, `fabric` the cluster alone.
 */
export const PARAMETERS = 'parameters'
export const FABRIC_SOURCE = 'fabric'

type Row = Pick<Trigger, 'of' | 'subresources' | 'own'> & { resource: Resource }

/**
 * Of nodes the objects alone: their status is written every few minutes, and an address comes with the node or before
 * its taint is taken off.
 */
const ROWS: readonly Row[] = [
  { resource: NETWORK_CONFIG, subresources: ['status'] },
  { resource: TUNNEL_ENDPOINT },
  { of: PARAMETERS, resource: SERVICE, subresources: ['status'] },
  { of: PARAMETERS, resource: CONFIGMAP },
  { of: PARAMETERS, resource: IPAM_STORAGE },
  { of: FABRIC_SOURCE, resource: SECRET },
  { of: FABRIC_SOURCE, resource: DEPLOYMENT },
  { of: FABRIC_SOURCE, resource: DAEMON_SET },
  { of: FABRIC_SOURCE, resource: POD, subresources: ['status'] },
  { of: FABRIC_SOURCE, resource: NODE },
  // Given and freed by the functions that reflect endpoints.
  { of: FABRIC_SOURCE, resource: ENDPOINT_MAPPING, own: [''] },
]

/** What wakes the function of the internal network, and that of virtual nodes for it; in clusters of any role. */
export const NETWORK_TRIGGERS: readonly Trigger[] = [
  ...ROWS.map(({ resource, ...row }) => ({ kind: NETWORK, ...placeOf(resource), ...row })),
  // Whether a peer is reached shows as a condition of its node.
  { kind: 'node', side: 'home', ...placeOf(TUNNEL_ENDPOINT), subresources: ['status'], own: [''] },
]

function placeOf({ group, plural, namespaced }: Resource): Pick<Trigger, 'group' | 'plural' | 'namespace'> {
  return { group, plural, ...(namespaced && { namespace: SYSTEM_NAMESPACE }) }
}

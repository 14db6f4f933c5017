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
import { FABRIC, GATEWAY, GATEWAY_KEY, ROUTE } from './fabric/names.ts'
import { IPAM_NAME } from './names.ts'

/** Room of the bus. */
export const NETWORK = 'network'

/** One kind of object that the internal network is made of, or made from. */
export interface Part extends Pick<Trigger, 'subresources' | 'own'> {
  readonly resource: Resource
  /** The one object that counts, or how those that do are named; absent: any. */
  readonly name?: string | RegExp
  /**
   * Whom a change concerns besides its cluster: the peer that the object is named after, all peers, all where the gateway
   * is reached at its node (NodePort), or nobody.
   */
  readonly concerns: 'peer' | 'peers' | 'peers-by-node' | 'nobody'
}

/**
 * Of nodes the objects alone: their status is written every few minutes, and an address comes with the node or before
 * its taint is taken off.
 */
const PARTS: readonly Part[] = [
  { resource: NETWORK_CONFIG, concerns: 'peer', subresources: ['status'] },
  { resource: TUNNEL_ENDPOINT, concerns: 'peer' },
  { resource: SERVICE, name: GATEWAY, concerns: 'peers', subresources: ['status'] },
  { resource: CONFIGMAP, name: GATEWAY_KEY, concerns: 'peers' },
  { resource: IPAM_STORAGE, name: IPAM_NAME, concerns: 'peers' },
  { resource: SECRET, name: FABRIC, concerns: 'nobody' },
  { resource: DEPLOYMENT, name: GATEWAY, concerns: 'nobody' },
  { resource: DAEMON_SET, name: ROUTE, concerns: 'nobody' },
  { resource: POD, name: new RegExp(`^${GATEWAY}-`), concerns: 'peers-by-node', subresources: ['status'] },
  { resource: NODE, concerns: 'nobody' },
  // Given and freed by the functions that reflect endpoints.
  { resource: ENDPOINT_MAPPING, concerns: 'nobody', own: [''] },
]

/** Whether an object of the part counts. */
export function counts({ name }: Part, object: string): boolean {
  return name === undefined || (typeof name === 'string' ? name === object : name.test(object))
}

/** The part that an event is about, by its `of`. */
export function partOf(of: string | undefined): Part | undefined {
  return PARTS.find(({ resource }) => resource.plural === of)
}

/** What wakes the function of the internal network, and that of virtual nodes for it; in clusters of any role. */
export const NETWORK_TRIGGERS: readonly Trigger[] = [
  ...PARTS.map(({ resource, subresources, own }) => {
    const more = { ...(subresources && { subresources }), ...(own && { own }) }
    return { kind: NETWORK, of: resource.plural, ...placeOf(resource), ...more }
  }),
  // Whether a peer is reached shows as a condition of its node.
  { kind: 'node', side: 'home', ...placeOf(TUNNEL_ENDPOINT), subresources: ['status'], own: [''] },
]

function placeOf({ group, plural, namespaced }: Resource): Pick<Trigger, 'group' | 'plural' | 'namespace'> {
  return { group, plural, ...(namespaced && { namespace: SYSTEM_NAMESPACE }) }
}

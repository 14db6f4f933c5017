import type { Resource } from '../lib/cluster/port.ts'
import {
  CONFIGMAP,
  DAEMON_SET,
  DEPLOYMENT,
  ENDPOINT_MAPPING,
  EVENT,
  IPAM_STORAGE,
  NAMESPACE,
  NETWORK_CONFIG,
  NODE,
  POD,
  SECRET,
  SERVICE,
  SYSTEM_NAMESPACE,
  TUNNEL_ENDPOINT,
} from '../lib/cluster/resources.ts'
import { FABRIC, GATEWAY, GATEWAY_KEY, ROUTE } from '../lib/flows/network/fabric/names.ts'
import { IPAM_NAME } from '../lib/flows/network/names.ts'
import type { Rule } from './rbac.ts'

/** One object that is made, changed and removed by its name. An apply that creates asks for `create` of that name. */
const kept = (resource: Resource, name: string): Rule => ({
  resource,
  names: [name],
  verbs: ['get', 'create', 'patch', 'delete'],
})

/** What the internal network takes in the whole of a cluster, whatever its role. */
const ANYWHERE: readonly Rule[] = [
  { resource: NAMESPACE, names: [SYSTEM_NAMESPACE], verbs: ['get'] },
  // `get`: an admission webhook tells of a change before it is stored, and it is waited for.
  { resource: NODE, verbs: ['get', 'list'] },
  { resource: ENDPOINT_MAPPING, verbs: ['get', 'list', 'delete'] },
  kept(IPAM_STORAGE, IPAM_NAME),
]

/** And in the namespace of the gateway. The private key can only be removed. */
const IN_NAMESPACE: readonly Rule[] = [
  { resource: NETWORK_CONFIG, verbs: ['get', 'list', 'create', 'patch', 'delete'] },
  { resource: NETWORK_CONFIG, subresource: 'status', verbs: ['patch'] },
  { resource: TUNNEL_ENDPOINT, verbs: ['get', 'list', 'create', 'patch', 'delete'] },
  kept(SERVICE, GATEWAY),
  kept(DEPLOYMENT, GATEWAY),
  kept(DAEMON_SET, ROUTE),
  kept(SECRET, FABRIC),
  { resource: SECRET, names: [GATEWAY_KEY], verbs: ['delete'] },
  { resource: CONFIGMAP, names: [GATEWAY_KEY], verbs: ['get', 'delete'] },
  { resource: POD, verbs: ['get', 'list'] },
  { resource: EVENT, verbs: ['create', 'patch'] },
]

export const NETWORK_RIGHTS: readonly Rule[] = [
  ...ANYWHERE,
  ...IN_NAMESPACE.map((rule) => ({ ...rule, namespace: SYSTEM_NAMESPACE })),
]

/**
 * What it takes in the whole of a cluster to remove the internal network where it is not wanted any more. The Roles in its
 * namespace stay as they were applied, for as long as the namespace does: manifests without them take none away.
 */
export const NETWORK_REMOVAL_RIGHTS: readonly Rule[] = [
  { resource: ENDPOINT_MAPPING, verbs: ['list', 'delete'] },
  { resource: IPAM_STORAGE, names: [IPAM_NAME], verbs: ['get', 'delete'] },
]

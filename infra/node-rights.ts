import { LEASE, NODE, POD, SYSTEM_NAMESPACE, TUNNEL_ENDPOINT } from '../lib/cluster/resources.ts'
import { LEASE_NAMESPACE } from '../lib/flows/reachability/lease.ts'
import type { Side } from '../lib/kinds/kind.ts'
import type { Rule } from './rbac.ts'

/** What keeping virtual nodes takes: it is no kind, so that the table of kinds does not say. */
export const NODE_RIGHTS: Readonly<Record<Side, readonly Rule[]>> = {
  home: [
    { resource: NODE, verbs: ['get', 'create', 'patch'] },
    { resource: NODE, subresource: 'status', verbs: ['patch'] },
    { resource: LEASE, namespace: LEASE_NAMESPACE, verbs: ['create', 'patch'] },
    { resource: TUNNEL_ENDPOINT, namespace: SYSTEM_NAMESPACE, verbs: ['get'] },
  ],
  // What there is, and what is taken of it.
  remote: [
    { resource: NODE, verbs: ['list'] },
    { resource: POD, verbs: ['list'] },
    // When home was last in reach.
    { resource: LEASE, namespace: LEASE_NAMESPACE, verbs: ['get', 'create', 'patch'] },
  ],
}

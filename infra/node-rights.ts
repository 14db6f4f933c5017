import type { Resource } from '../lib/cluster/port.ts'
import { LEASE, NODE, POD, TUNNEL_ENDPOINT } from '../lib/cluster/resources.ts'
import type { Side } from '../lib/kinds/kind.ts'

/** What keeping virtual nodes takes: it is no kind, so that the table of kinds does not say. */
export const NODE_RIGHTS: Readonly<
  Record<Side, readonly { resource: Resource; subresource?: string; verbs: readonly string[] }[]>
> = {
  home: [
    { resource: NODE, verbs: ['get', 'create', 'patch'] },
    { resource: NODE, subresource: 'status', verbs: ['patch'] },
    { resource: LEASE, verbs: ['create', 'patch'] },
    { resource: TUNNEL_ENDPOINT, verbs: ['get'] },
  ],
  // What there is, and what is taken of it.
  remote: [
    { resource: NODE, verbs: ['list'] },
    { resource: POD, verbs: ['list'] },
    // When home was last in reach.
    { resource: LEASE, verbs: ['get', 'create', 'patch'] },
  ],
}

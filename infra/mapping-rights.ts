import type { Resource } from '../lib/cluster/port.ts'
import { ENDPOINT_MAPPING } from '../lib/cluster/resources.ts'
import type { Side } from '../lib/kinds/kind.ts'

/** What it takes to free external addresses; to give them is a slot of the kind that needs them. */
export const MAPPING_RIGHTS: Readonly<Record<Side, readonly { resource: Resource; verbs: readonly string[] }[]>> = {
  home: [{ resource: ENDPOINT_MAPPING, verbs: ['list', 'patch', 'delete'] }],
  remote: [],
}

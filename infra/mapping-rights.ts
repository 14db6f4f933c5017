import { ENDPOINT_MAPPING } from '../lib/cluster/resources.ts'
import type { Side } from '../lib/kinds/kind.ts'
import type { Rule } from './rbac.ts'

/** What it takes to free external addresses; to give them is a slot of the kind that needs them. */
export const MAPPING_RIGHTS: Readonly<Record<Side, readonly Rule[]>> = {
  home: [{ resource: ENDPOINT_MAPPING, verbs: ['list', 'patch', 'delete'] }],
  remote: [],
}

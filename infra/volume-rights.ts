import type { Resource } from '../lib/cluster/port.ts'
import { PERSISTENT_VOLUME } from '../lib/cluster/resources.ts'
import type { Side } from '../lib/kinds/kind.ts'

/** What the home volumes of reflected claims take: no kind has them for its target. */
export const VOLUME_RIGHTS: Readonly<Record<Side, readonly { resource: Resource; verbs: readonly string[] }[]>> = {
  home: [{ resource: PERSISTENT_VOLUME, verbs: ['list', 'create', 'patch', 'delete'] }],
  remote: [],
}

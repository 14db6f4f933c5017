import type { Networks } from '../../lib/kinds/kind.ts'
import type { Flags } from '../../lib/policy/flags.ts'
import type { PlannedCluster } from '../../lib/policy/policy.ts'

const EMPTY = { podCIDRs: [], externalCIDRs: [], serviceCIDRs: [] }

/** A cluster with these flags; as if nothing were configured unless told. */
export function planned(id: string, networking: Partial<Flags> = {}, plan: Partial<PlannedCluster['plan']> = {}) {
  return { id, networking: { internal: true, reflectIPs: true, ...networking }, plan: { ...EMPTY, ...plan } }
}

/** rome and milan with the same flags; the defaults of the configuration unless told. */
export function networks(flags: Partial<Flags> = {}, change: Partial<Networks> = {}): Networks {
  return { home: planned('rome', flags), remote: planned('milan', flags), ...change }
}

/** Two clusters with the same addresses, joined by the agents: what most tests of this folder look at. */
import type { FabricPeer } from '../../lib/flows/network/fabric/index.ts'
import { configure, type FabricChanges, fabricOf, type Names, peerOf, tunnelCIDRs } from './fabrics.ts'
import type { Site } from './site.ts'
import { type Sites, startSites } from './sites.ts'
import { NODES, OUTSIDE } from './topology.ts'

/** What b calls a, and a calls b. */
export const A: Names = { pods: '10.201.0.0/16', externals: '10.63.0.0/16' }
export const B: Names = { pods: '10.202.0.0/16', externals: '10.62.0.0/16' }

/** What b may reach of a besides its pods: a node, as an endpoint in the host network is; and two machines outside. */
export const MAPPINGS = { [NODES[1].ip]: '10.61.0.4', [OUTSIDE.withRoute]: '10.61.0.5', [OUTSIDE.without]: '10.61.0.6' }

/** The same addresses as the other cluster calls them: pods of each, and what is mapped of a. */
export const SEEN = {
  a: { pod: '10.201.2.10', podBeside: '10.201.1.10', hosts: '10.201.0.0', tunnel: '10.63.0.1' },
  b: { pod: '10.202.2.10', podBeside: '10.202.1.10', hosts: '10.202.0.0', tunnel: '10.62.0.1' },
  node: '10.63.0.4',
  withRoute: '10.63.0.5',
  without: '10.63.0.6',
  unmapped: '10.63.0.9',
} as const

export interface Changes {
  readonly a?: FabricChanges & { readonly peer?: Partial<FabricPeer> }
  readonly b?: FabricChanges & { readonly peer?: Partial<FabricPeer> }
}

export interface Pair extends Omit<Sites, 'sites'> {
  readonly a: Site
  readonly b: Site
  /** Writes both configurations as they stand at the beginning, but for the changes; returns when they are in force. */
  configure(changes?: Changes): Promise<void>
}

export async function startPair(): Promise<Pair> {
  const { sites, ...rest } = await startSites(['a', 'b'])
  const [a, b] = sites as [Site, Site]
  return {
    ...rest,
    a,
    b,
    async configure(changes = {}) {
      const { peer: ofA, ...restA } = changes.a ?? {}
      const { peer: ofB, ...restB } = changes.b ?? {}
      const peerB = { ...(await peerOf(b, tunnelCIDRs(B, A), MAPPINGS)), ...ofA }
      const peerA = { ...(await peerOf(a, tunnelCIDRs(A, B))), ...ofB }
      await Promise.all([configure(a, fabricOf(a, [peerB], restA)), configure(b, fabricOf(b, [peerA], restB))])
    },
  }
}

import {
  ENDPOINT_MAPPING,
  ENDPOINT_SLICE,
  NAMESPACE,
  SYSTEM_NAMESPACE,
  TUNNEL_ENDPOINT,
} from '../../../lib/cluster/resources.ts'
import { dispatchSlices } from '../../../lib/flows/mapping/dispatch.ts'
import { newMapping } from '../../../lib/flows/mapping/mapping.ts'
import { sweepMappings } from '../../../lib/flows/mapping/release.ts'
import { endpointslice } from '../../../lib/kinds/endpointslice/kind.ts'
import { sweepPair } from '../../../lib/reflect/sweep-pair.ts'
import { slice, tunnelEndpoint } from '../../support/mappings.ts'
import { HOME, namespace, REMOTE } from '../edits.ts'
import type { Program } from '../life.ts'
import type { Edit } from '../past.ts'

/**
 * A small world of external addresses: who shows what, and which functions run at once. Each edit of a slice is an event,
 * and wakes a function; it reflects the slice, gives addresses, and frees those that were let go of.
 */
export interface MappingWorld {
  readonly name: string
  /** What was reflected in peace before. */
  readonly past: readonly MappingEdit[]
  readonly script: readonly MappingEdit[]
  /** Sweeps of the mappings that may begin at any time. */
  readonly sweeps?: number
  /** How often, in all, a function may die after a write; its event comes again. */
  readonly kills?: number
}

/** What happens at home, and which function hears of it. */
export interface MappingEdit extends Edit {
  readonly wakes?: Program
}

const made = new Map<string, MappingEdit>()

/** One edit a label: edits are compared by identity. */
function edit(label: string, change: Edit['change'], wakes?: Program): MappingEdit {
  const known = made.get(label) ?? { label, side: 'home' as const, change, ...(wakes && { wakes }) }
  made.set(label, known)
  return known
}

/** The slice shows these addresses from now on; none: it is deleted. */
export function shows(name: string, ...addresses: string[]): MappingEdit {
  const label = `${name} shows ${addresses.join(', ') || 'nothing: it is gone'}`
  const change: Edit['change'] = ({ user, peek }) => {
    const ref = { namespace: HOME, name }
    if (addresses.length === 0) user.delete(ENDPOINT_SLICE, ref)
    else if (peek(ENDPOINT_SLICE, ref)) user.update(ENDPOINT_SLICE, slice(name, addresses))
    else user.create(ENDPOINT_SLICE, slice(name, addresses))
  }
  return edit(label, change, eventOf(name))
}

/** A function maps an address, and dies. */
function maps(external: string, original: string): MappingEdit {
  const { metadata, ...mapping } = newMapping('milan', original, external)
  return edit(`${external} is mapped to ${original}`, ({ user }) =>
    user.create(ENDPOINT_MAPPING, { ...mapping, metadata: { ...metadata } }),
  )
}

const events = new Map<string, Program>()

function eventOf(name: string): Program {
  const event = { cluster: 'rome', kind: endpointslice.name, namespace: HOME, names: [name] }
  const known = events.get(name) ?? {
    label: `event of ${name}`,
    run: (peering) => dispatchSlices([peering], event),
  }
  events.set(name, known)
  return known
}

export const SWEEP: Program = { label: 'sweep of mappings', run: sweepMappings }

/** A sweep as it is at the end: of slices, then of mappings. */
export const WHOLE_SWEEP: Program = {
  label: 'sweep',
  async run(peering) {
    await sweepPair(peering, { homeNamespace: HOME, remoteNamespace: REMOTE }, [endpointslice], 'act')
    await sweepMappings(peering)
  },
}

const TUNNEL: Edit = {
  label: 'the names are agreed on',
  side: 'home',
  change: ({ user }) => user.create(TUNNEL_ENDPOINT, tunnelEndpoint()),
}

const SYSTEM: Edit = {
  label: 'our own namespace',
  side: 'home',
  change: ({ user }) => user.create(NAMESPACE, { metadata: { name: SYSTEM_NAMESPACE } }),
}

/** What there is in all worlds. */
export const GROUND: readonly Edit[] = [SYSTEM, TUNNEL, namespace('home', HOME), namespace('remote', REMOTE, HOME)]

const [A, B] = ['10.96.0.1', '10.96.0.2'] as const

export const WORLDS: readonly MappingWorld[] = [
  { name: 'two slices come to need one address', past: [], script: [shows('s1', A), shows('s2', A)] },
  { name: 'two slices come to need one address each', past: [], script: [shows('s1', A), shows('s2', B)] },
  { name: 'the last user goes', past: [shows('s1', A)], script: [shows('s1')], sweeps: 1 },
  { name: 'the last user goes and comes back', past: [shows('s1', A)], script: [shows('s1'), shows('s1', A)] },
  {
    name: 'the last user goes and comes back while a sweep runs',
    past: [shows('s1', A)],
    script: [shows('s1'), shows('s1', A)],
    sweeps: 1,
  },
  { name: 'one user goes, another comes', past: [shows('s1', A)], script: [shows('s1'), shows('s2', A)], sweeps: 1 },
  {
    name: 'one goes, another takes the place',
    past: [shows('s1', A)],
    script: [shows('s1'), shows('s2', B)],
    sweeps: 1,
  },
  {
    name: 'the place of one that goes is free for two that come',
    past: [shows('s0', B)],
    script: [shows('s0'), shows('s1', A), shows('s2', A)],
  },
  { name: 'two sweeps, and a user that comes', past: [maps('10.245.0.2', A)], script: [shows('s1', A)], sweeps: 2 },
  {
    name: 'a second mapping of one address, lower than the first, and a sweep',
    past: [maps('10.245.0.3', A)],
    script: [shows('s1', A), maps('10.245.0.2', A)],
    sweeps: 1,
  },
  {
    name: 'a sweep dies, and a user comes',
    past: [maps('10.245.0.2', A)],
    script: [shows('s1', A)],
    sweeps: 1,
    kills: 1,
  },
  {
    name: 'functions die: the last user goes and comes back',
    past: [shows('s1', A)],
    script: [shows('s1'), shows('s1', A)],
    kills: 1,
  },
  {
    name: 'functions die: one goes, another comes',
    past: [shows('s1', A)],
    script: [shows('s1', B), shows('s2', A)],
    kills: 1,
  },
]

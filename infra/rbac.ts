import type { Resource } from '../lib/cluster/port.ts'
import { EVENT } from '../lib/cluster/resources.ts'
import type { Kind, Side } from '../lib/kinds/kind.ts'

/** Group of a credential that may do what all functions may: a certificate's organization, for one. */
export const GROUP = 'heliograph'

/** Verbs on one resource, or on one of its subresources. */
export interface Rule {
  resource: Resource
  subresource?: string
  /** Only there; absent: in the whole cluster. */
  namespace?: string
  /** Only of these objects; absent: of any. */
  names?: readonly string[]
  verbs: readonly string[]
}

const READ = ['get', 'list']
/** An apply that creates needs `create` too. */
const WRITE = ['create', 'delete', 'patch']

/** What it takes to reflect these kinds, in a cluster of that role. */
export function kindRules(kinds: readonly Kind[], side: Side): Rule[] {
  const sources = kinds.filter(({ source }) => source.side === side)
  const targets = kinds.filter(({ target }) => target.side === side)
  const reads = kinds.flatMap((kind) => Object.values(kind.reads ?? {})).filter((read) => read.side === side)
  return [
    ...sources.map(({ source }) => ({ resource: source.resource, verbs: READ })),
    ...targets.map(({ target }) => ({ resource: target.resource, verbs: [...READ, ...WRITE] })),
    ...sources.flatMap(givingRules),
    ...reads.map(({ resource, namespace }) => ({ resource, ...(namespace && { namespace }), verbs: READ })),
    ...kinds.flatMap((kind) => providingRules(kind, side)),
  ]
}

/** The owner of a source is told by an Event beside it. */
export const TELL: Rule = { resource: EVENT, verbs: ['create', 'patch'] }

/** One rule a resource and place, or a set of its objects. */
export function merged(rules: readonly Rule[]): Rule[] {
  const groups = Map.groupBy(rules, ({ resource: { group, plural }, subresource, namespace, names }) =>
    JSON.stringify([group, plural, subresource, namespace, names]),
  )
  return [...groups.values()].map((same) => ({ ...same[0]!, verbs: [...new Set(same.flatMap(({ verbs }) => verbs))] }))
}

/** What it takes to give back to a source. */
function givingRules({ source: { resource }, back }: Kind): Rule[] {
  const writes = back?.writes ?? []
  return [
    ...(writes.includes('labels') ? [{ resource, verbs: ['patch'] }] : []),
    ...(writes.includes('end') ? [{ resource, verbs: ['delete'] }] : []),
    ...(writes.includes('status') ? [{ resource, subresource: 'status', verbs: ['patch'] }] : []),
  ]
}

/** What it takes to make what sources need; an apply that makes something needs `patch` too. */
function providingRules({ provides, reads = {} }: Kind, side: Side): Rule[] {
  const read = provides && reads[provides.read]
  return read?.side === side ? [{ resource: read.resource, verbs: ['create', 'patch'] }] : []
}

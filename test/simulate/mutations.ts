/** One guard of the engine taken away, as a change of its source text. */
export interface Mutation {
  name: string
  /** Under `lib/reflect/`. */
  file: string
  /** Stands exactly once in the file. */
  find: string
  replace: string
  /** What the guard is for. */
  why: string
}

const READS = `  const target = await read(peering, kind.target, key.pair, targetName(kind, key.name, context))
  // Before the source: if another cluster takes its place in between, the stamp forbids a deletion instead of allowing it.
  const identity = await sourceIdentity(kind, peering)
  const { source, found } = await readBasis(kind, peering, key, kind.reads)
`
const LOOK = 'if (!isWrite || !seen.source ||'

const GUARDS = 'seen ? { uid, resourceVersion } : { resourceVersion: NOT_EXISTING }'

/** The guards of the engine; the simulation must miss each of them. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'read the target before the source',
    file: 'observe.ts',
    find: READS,
    replace: `  const identity = await sourceIdentity(kind, peering)
  const { source, found } = await readBasis(kind, peering, key, kind.reads)
  const target = await read(peering, kind.target, key.pair, targetName(kind, key.name, context))
`,
    why: 'a target found unchanged was written from this source or an earlier one',
  },
  {
    name: 'resourceVersion on update',
    file: 'guard.ts',
    find: GUARDS,
    replace: "seen ? { uid, resourceVersion: '' } : { resourceVersion: NOT_EXISTING }",
    why: 'the target may have lost its marks, or followed a later source, since it was read',
  },
  {
    name: 'uid on update',
    file: 'guard.ts',
    find: GUARDS,
    replace: 'seen ? { resourceVersion } : { resourceVersion: NOT_EXISTING }',
    why: 'an apply to what is gone creates it, whatever the resourceVersion',
  },
  {
    name: 'create only where nothing is',
    file: 'guard.ts',
    find: GUARDS,
    replace: 'seen ? { uid, resourceVersion } : {}',
    why: 'an object of somebody else may have come in the way',
  },
  {
    name: 'uid on delete',
    file: 'apply.ts',
    find: 'cluster.delete(kind.target.resource, ref, { uid, resourceVersion })',
    replace: "cluster.delete(kind.target.resource, ref, { uid: '', resourceVersion })",
    why: 'a ClusterID that leads elsewhere may find another object at the same resourceVersion',
  },
  {
    name: 'resourceVersion on delete',
    file: 'apply.ts',
    find: 'cluster.delete(kind.target.resource, ref, { uid, resourceVersion })',
    replace: "cluster.delete(kind.target.resource, ref, { uid, resourceVersion: '' })",
    why: 'the target may have been brought back to life by a recreated source',
  },
  {
    name: 'look again after a create',
    file: 'converge.ts',
    find: LOOK,
    replace: `if (!isWrite || verdict.do === 'create' || !seen.source ||`,
    why: 'the source may have gone, and its event been served, while nothing was there to see',
  },
  {
    name: 'look again after an update',
    file: 'converge.ts',
    find: LOOK,
    replace: `if (!isWrite || verdict.do === 'update' || !seen.source ||`,
    why: 'the source may have changed back, to what the target still held when that event was served',
  },
  {
    name: 'look again after a deletion of what is skipped',
    file: 'converge.ts',
    find: LOOK,
    replace: `if (!isWrite || verdict.do === 'delete' || !seen.source ||`,
    why: 'the source may be wanted again, and that event was served while the target was still there',
  },
  {
    name: 'look again by resourceVersion',
    file: 'converge.ts',
    find: '{ metadata: { uid, resourceVersion } }',
    replace: '{ metadata: { uid, generation: resourceVersion } }',
    why: 'the same source with other content is another source',
  },
  {
    name: 'observe again after a conflict',
    file: 'converge.ts',
    find: 'if (failure instanceof ConflictError) continue',
    replace: 'if (failure instanceof ConflictError) return last',
    why: 'whoever came first may have seen an earlier source',
  },
  {
    name: 'uid of the source, stamped',
    file: 'stamp.ts',
    find: "    [SOURCE_UID]: source.metadata.uid ?? '',\n",
    replace: '',
    why: 'a recreated source must have something to write, to collide with the deletion of the old target',
  },
  {
    name: 'identity of the source cluster, stamped',
    file: 'stamp.ts',
    find: '    [SOURCE_CLUSTER_UID]: clusterUid,\n',
    replace: '',
    why: 'it is what a deletion is proven by',
  },
  {
    name: 'digest of what was forged, stamped',
    file: 'stamp.ts',
    find: '    [DIGEST]: digest(notices.length > 0 ? [desired, notices] : desired),\n',
    replace: '',
    why: 'containment does not see a field that the source has dropped',
  },
  {
    name: 'content compared',
    file: 'plan.ts',
    find: 'if (contains(target, desired)) return',
    replace: 'if (contains(target.metadata, desired.metadata)) return',
    why: 'a target changed by others bears the stamp it had',
  },
  {
    name: 'marks of the peering',
    file: 'observe.ts',
    find: 'isReflected(target, context) && bearsLabels',
    replace: 'bearsLabels',
    why: 'what lacks them is not ours',
  },
  {
    name: 'key of the source in the stamp',
    file: 'observe.ts',
    find: '(stamp === undefined || stamp === sourceRef(namespace, key.name))',
    replace: "(stamp ?? '') !== namespace",
    why: "a name used anew holds another source's target",
  },
  {
    name: 'identity read before the source',
    file: 'observe.ts',
    find: READS,
    replace: `  const target = await read(peering, kind.target, key.pair, targetName(kind, key.name, context))
  const { source, found } = await readBasis(kind, peering, key, kind.reads)
  const identity = await sourceIdentity(kind, peering)
`,
    why: 'a cluster that takes the place of another must not lend its identity to what came from that',
  },
  {
    name: 'identity proven before a deletion',
    file: 'apply.ts',
    find: 'await proveIdentity(kind, peering, verdict.target)',
    replace: 'void proveIdentity',
    why: 'absence in another cluster is no absence',
  },
  {
    name: 'identity read anew for a deletion',
    file: 'apply.ts',
    find: 'identityOf(source, true)',
    replace: 'identityOf(source)',
    why: 'what an instance remembers of a cluster may have been before it was replaced',
  },
  {
    name: 'pair of namespaces confirmed',
    file: 'reflect.ts',
    find: 'if (isSamePair(pair, confirmed)) return seen',
    replace: 'if (pair || isSamePair(pair, confirmed)) return seen',
    why: 'what an instance remembers of a mapping may be no longer so',
  },
  {
    name: 'a namespace on its way out is no copy',
    file: 'pairs.ts',
    find: '|| namespace.metadata.deletionTimestamp) return undefined',
    replace: ') return undefined',
    why: 'what is made there goes with it',
  },
]

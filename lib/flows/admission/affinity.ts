import { isDeepStrictEqual } from 'node:util'
import type { NodeSelector, NodeSelectorTerm } from '../namespace/selector.ts'

/** `spec.affinity` of a pod, as far as nodes go; other members travel untouched. */
export interface Affinity {
  nodeAffinity?: NodeAffinity | null
  [other: string]: unknown
}

interface NodeAffinity {
  requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector | null
  [other: string]: unknown
}

/** The affinity that lets a pod run only where its own terms hold and one of `imposed` does. Inputs stay as they are. */
export function restricted(affinity: Affinity | null | undefined, imposed: readonly NodeSelectorTerm[]): Affinity {
  const nodeAffinity = affinity?.nodeAffinity
  const own = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const nodeSelectorTerms = own.length === 0 ? [...imposed] : both(own, imposed)
  return {
    ...affinity,
    nodeAffinity: { ...nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
  }
}

/**
 * Terms are alternatives, so both lists hold where one of each does: own terms in the outer loop, imposed ones in the
 * inner, expressions joined. Source: Liqo, `pkg/utils/nodeUtils.go`; unlike there, matchFields are joined too, and an
 * own term that says already what an imposed one does is taken as it is, so that a second pass changes nothing.
 */
function both(own: readonly NodeSelectorTerm[], imposed: readonly NodeSelectorTerm[]): NodeSelectorTerm[] {
  return own.flatMap((term) => {
    // A term without requirements matches nothing; joined to another it would begin to.
    if (isEmpty(term) || imposed.some((other) => implies(term, other))) return [term]
    return imposed.map((other) => joined(term, other))
  })
}

function joined(a: NodeSelectorTerm, b: NodeSelectorTerm): NodeSelectorTerm {
  const matchExpressions = [...(a.matchExpressions ?? []), ...(b.matchExpressions ?? [])]
  const matchFields = [...(a.matchFields ?? []), ...(b.matchFields ?? [])]
  return {
    ...(matchExpressions.length > 0 && { matchExpressions }),
    ...(matchFields.length > 0 && { matchFields }),
  }
}

function implies(term: NodeSelectorTerm, other: NodeSelectorTerm): boolean {
  return (['matchExpressions', 'matchFields'] as const).every((part) =>
    (other[part] ?? []).every((wanted) => term[part]?.some((requirement) => isDeepStrictEqual(requirement, wanted))),
  )
}

function isEmpty({ matchExpressions, matchFields }: NodeSelectorTerm): boolean {
  return !matchExpressions?.length && !matchFields?.length
}

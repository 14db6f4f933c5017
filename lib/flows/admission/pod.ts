import type { NodeSelector, NodeSelectorTerm } from '../namespace/selector.ts'
import { NODE_TYPE, NOT_ALLOWED, VIRTUAL_NODE } from '../node/name.ts'
import { type Affinity, restricted } from './affinity.ts'
import type { SpecFields } from './answer.ts'

/** The part of a PodSpec that decides where a pod may run. */
export interface PodSpec {
  nodeName?: string
  nodeSelector?: Readonly<Record<string, string>> | null
  affinity?: Affinity | null
  tolerations?: readonly Toleration[] | null
  schedulingGates?: readonly { name?: string }[] | null
  runtimeClassName?: string | null
}

interface Toleration {
  key?: string
  operator?: string
  value?: string
  effect?: string
  tolerationSeconds?: number | null
}

/** `Local` is not among them: such a pod is not touched, and the taint keeps it off. */
export type Strategy = 'Remote' | 'LocalAndRemote'

/**
 * What makes the scheduler place a pod as the strategy says, virtual nodes included. Source: Liqo v1.2,
 * `pkg/webhooks/pod/mutations.go`.
 *
 * | strategy | toleration | terms imposed on node affinity |
 * |---|---|---|
 * | Remote | yes | each of the selector (or one empty one) and the node is virtual |
 * | LocalAndRemote | yes | none without a selector, else the selector's, or the node is not virtual |
 */
export function scheduling(spec: PodSpec, strategy: Strategy, selector: NodeSelector | undefined): SpecFields {
  const imposed = imposedTerms(strategy, selector?.nodeSelectorTerms ?? [])
  return {
    ...(!spec.tolerations?.some(isTolerated) && { tolerations: [...(spec.tolerations ?? []), TOLERATION] }),
    ...(imposed.length > 0 && { affinity: restricted(spec.affinity, imposed) }),
  }
}

/** What keeps a pod on the nodes of its own cluster, whatever it tolerates. */
export function stayingHome(spec: PodSpec): SpecFields {
  return { affinity: restricted(spec.affinity, [NOT_VIRTUAL]) }
}

const IS_VIRTUAL = { key: NODE_TYPE, operator: 'In', values: [VIRTUAL_NODE] }
const NOT_VIRTUAL: NodeSelectorTerm = {
  matchExpressions: [{ key: NODE_TYPE, operator: 'NotIn', values: [VIRTUAL_NODE] }],
}
const TOLERATION: Toleration = { key: NOT_ALLOWED, operator: 'Exists', effect: 'NoExecute' }

function imposedTerms(strategy: Strategy, terms: readonly NodeSelectorTerm[]): NodeSelectorTerm[] {
  if (strategy === 'LocalAndRemote') return terms.length === 0 ? [] : [...terms, NOT_VIRTUAL]
  const any: NodeSelectorTerm = {}
  return (terms.length === 0 ? [any] : terms).map((term) => ({
    ...term,
    matchExpressions: [...(term.matchExpressions ?? []), IS_VIRTUAL],
  }))
}

/** It tolerates the virtual nodes' taint already, for good. */
function isTolerated({ key, operator = 'Equal', value, effect, tolerationSeconds }: Toleration): boolean {
  if (effect && effect !== 'NoExecute') return false
  if (tolerationSeconds !== undefined && tolerationSeconds !== null) return false
  if (!key) return operator === 'Exists'
  return key === NOT_ALLOWED && (operator === 'Exists' || value === 'true')
}

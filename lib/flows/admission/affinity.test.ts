import { describe, expect, test } from 'vitest'
import type { NodeSelectorTerm } from '../namespace/selector.ts'
import { type Affinity, restricted } from './affinity.ts'

const has = (key: string): NodeSelectorTerm => ({ matchExpressions: [{ key, operator: 'Exists' }] })
const on = (name: string): NodeSelectorTerm => ({
  matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }],
})
const both = (...terms: NodeSelectorTerm[]): NodeSelectorTerm => {
  const matchExpressions = terms.flatMap((term) => term.matchExpressions ?? [])
  const matchFields = terms.flatMap((term) => term.matchFields ?? [])
  return { ...(matchExpressions.length > 0 && { matchExpressions }), ...(matchFields.length > 0 && { matchFields }) }
}
const required = (...nodeSelectorTerms: NodeSelectorTerm[]): Affinity => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
})

const rows: { name: string; own: Affinity | null | undefined; imposed: NodeSelectorTerm[]; want: Affinity }[] = [
  { name: 'no affinity', own: undefined, imposed: [has('a')], want: required(has('a')) },
  { name: 'null', own: null, imposed: [has('a')], want: required(has('a')) },
  { name: 'no own terms', own: required(), imposed: [has('a'), has('b')], want: required(has('a'), has('b')) },
  {
    name: 'every pair, own terms first',
    own: required(has('x'), has('y')),
    imposed: [has('a'), has('b')],
    want: required(
      both(has('x'), has('a')),
      both(has('x'), has('b')),
      both(has('y'), has('a')),
      both(has('y'), has('b')),
    ),
  },
  {
    name: 'fields of both sides',
    own: required(on('n1')),
    imposed: [both(has('a'), on('n2'))],
    want: required({ ...has('a'), matchFields: [...on('n1').matchFields!, ...on('n2').matchFields!] }),
  },
  {
    name: 'imposed already',
    own: required(both(has('x'), has('a'))),
    imposed: [has('a'), has('b')],
    want: required(both(has('x'), has('a'))),
  },
  {
    name: 'an empty own term matches nothing, before and after',
    own: required({}),
    imposed: [has('a')],
    want: required({}),
  },
  {
    name: 'other members stay',
    own: {
      podAffinity: { p: 1 },
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1 }] },
    },
    imposed: [has('a')],
    want: {
      podAffinity: { p: 1 },
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1 }],
        ...required(has('a')).nodeAffinity,
      },
    },
  },
]

describe('affinity restricted', () => {
  test.each(rows)('$name', ({ own, imposed, want }) => {
    const before = structuredClone(own)
    const result = restricted(own, imposed)
    expect(result).toEqual(want)
    expect(own).toEqual(before)
    expect(restricted(result, imposed)).toEqual(result)
  })
})

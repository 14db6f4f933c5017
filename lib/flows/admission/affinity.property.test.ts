import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matches, type NodeSelectorTerm } from '../namespace/selector.ts'
import { restricted } from './affinity.ts'

const key = fc.constantFrom('a', 'b')
const values = fc.uniqueArray(fc.constantFrom('1', '2'), { minLength: 1 })
const requirement = fc.oneof(
  fc.record({ key, operator: fc.constantFrom('In', 'NotIn'), values }),
  fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
)
const term: fc.Arbitrary<NodeSelectorTerm> = fc.record(
  { matchExpressions: fc.array(requirement, { maxLength: 2 }), matchFields: fc.array(requirement, { maxLength: 1 }) },
  { requiredKeys: [] },
)
const labels = fc.dictionary(key, fc.constantFrom('1', '2', '3'))

const termsOf = (affinity: ReturnType<typeof restricted>) =>
  affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? {}

/** As the scheduler would judge: a node suits the new terms exactly when it suits the old ones and the imposed ones. */
test('what is allowed is what both sides allow', () => {
  const imposed = fc.array(
    term.filter(({ matchExpressions = [], matchFields = [] }) => matchExpressions.length + matchFields.length > 0),
    { minLength: 1, maxLength: 3 },
  )
  fc.assert(
    fc.property(fc.array(term, { maxLength: 3 }), imposed, labels, labels, (own, others, node, fields) => {
      const given = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: own } } }
      const result = restricted(given, others)
      const want =
        matches({ nodeSelectorTerms: own }, node, fields) && matches({ nodeSelectorTerms: others }, node, fields)
      expect(matches(termsOf(result), node, fields)).toBe(want)
    }),
    { numRuns: 2000 },
  )
})

test('a second time changes nothing in what is allowed', () => {
  fc.assert(
    fc.property(fc.array(term, { maxLength: 2 }), fc.array(term, { minLength: 1, maxLength: 2 }), (own, imposed) => {
      const given = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: own } } }
      const once = restricted(given, imposed)
      expect(restricted(once, imposed)).toEqual(once)
    }),
  )
})

import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { wanted } from '../lib/event/triggers.ts'
import { auditPolicy, triggersIn } from './audit-policy.ts'
import { OUR_GROUPS } from './rights.ts'

interface Rule {
  level: string
  namespaces?: string[]
  verbs?: string[]
  userGroups?: string[]
  resources?: { group: string; resources: string[] }[]
}

const rulesOf = (sides: ('home' | 'remote')[]): Rule[] => parse(auditPolicy(sides)).rules
const naming = (rules: Rule[], resource: string) =>
  rules.filter(({ resources = [] }) => resources.some((one) => one.resources.includes(resource)))

test('of Events only their creation is told, by either API, and only where they are reflected from', () => {
  const [rule, ...others] = naming(rulesOf(['remote']), 'events')
  expect(rule).toEqual({
    level: 'Metadata',
    verbs: ['create'],
    resources: [
      { group: '', resources: ['events'] },
      { group: 'events.k8s.io', resources: ['events'] },
    ],
  })
  expect([others, naming(rulesOf(['home']), 'events')]).toEqual([[], []])
})

test('what only the other role needs is not told', () => {
  expect(naming(rulesOf(['home']), 'shadowpods')).toEqual([])
  expect(naming(rulesOf(['remote']), 'namespaceoffloadings')).toEqual([])
  expect(naming(rulesOf(['home', 'remote']), 'shadowpods')).not.toEqual([])
})

test('of the internal network what is in its namespace is told, and its nodes and mappings', () => {
  const rules = rulesOf(['remote'])
  const of = (resource: string) => naming(rules, resource).map(({ namespaces, userGroups }) => namespaces ?? userGroups)
  expect(of('tunnelendpoints')).toEqual([['heliograph']])
  expect([of('services/status'), of('deployments')]).toEqual([[['heliograph']], [['heliograph']]])
  expect([of('nodes'), of('nodes/status')]).toEqual([[undefined], []])
  expect(of('endpointmappings')).toEqual([OUR_GROUPS, undefined])
})

test('of TunnelEndpoints home is told all, our own writes too', () => {
  const rules = rulesOf(['home'])
  expect(naming(rules, 'tunnelendpoints').map(({ userGroups }) => userGroups)).toEqual([OUR_GROUPS, undefined])
  expect(naming(rules, 'tunnelendpoints/status').map(({ userGroups }) => userGroups)).toEqual([undefined])
})

test('of pods in remote clusters our own writes are told too: a deletion may be the last of a pod', () => {
  expect(naming(rulesOf(['remote']), 'pods').map(({ userGroups }) => userGroups)).toContainEqual(OUR_GROUPS)
  const deletion = { group: '', plural: 'pods', namespace: 'shop-rome', subresource: '', own: true }
  expect(wanted(deletion, triggersIn(['remote'])).map(({ kind, of }) => [kind, of])).toEqual([['pod', 'pods']])
})

test('no contents are ever asked for', () => {
  for (const { level } of rulesOf(['home', 'remote'])) expect(['None', 'Metadata']).toContain(level)
})

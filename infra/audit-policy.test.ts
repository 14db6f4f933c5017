import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { auditPolicy } from './audit-policy.ts'

interface Rule {
  level: string
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

test('of TunnelEndpoints all writes are told, also our own, and none of their status', () => {
  const rules = rulesOf(['home'])
  expect(naming(rules, 'tunnelendpoints').map(({ userGroups }) => userGroups)).toEqual([['heliograph'], undefined])
  expect(naming(rules, 'tunnelendpoints/status')).toEqual([])
  expect(naming(rules, 'endpointmappings')).toEqual([])
})

test('no contents are ever asked for', () => {
  for (const { level } of rulesOf(['home', 'remote'])) expect(['None', 'Metadata']).toContain(level)
})

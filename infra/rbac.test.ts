import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { SECRET } from '../lib/cluster/resources.ts'
import { GATEWAY_KEY } from '../lib/flows/network/fabric/names.ts'
import { NETWORK_RIGHTS, NETWORK_RIGHTS_IN_NAMESPACE } from './network-rights.ts'
import { GROUP, manifestOf, readManifest, rulesOf } from './rbac.ts'

test.each(['home', 'remote', 'network'] as const)(
  'the manifest of %s is what the table of kinds makes',
  async (side) => {
    expect(await readManifest(side)).toBe(manifestOf(side))
  },
)

test.each(['home', 'remote'] as const)('the rights in %s name every verb and resource', (side) => {
  for (const { resource, verbs } of rulesOf(side)) {
    expect([resource.plural, ...verbs]).not.toContain('*')
    expect(verbs).not.toEqual([])
  }
})

test('nothing of a user’s is written at home, but for a label of a namespace, and of a pod its label, status and end; nodes, volumes and mappings are our own', () => {
  const written = rulesOf('home').filter(({ verbs }) => verbs.some((verb) => verb !== 'get' && verb !== 'list'))
  expect(written.map(({ resource, subresource }) => [resource.plural, subresource])).toEqual([
    ['namespaces', undefined],
    ['namespaceoffloadings', 'status'],
    ['events', undefined],
    ['nodes', undefined],
    ['nodes', 'status'],
    ['leases', undefined],
    ['persistentvolumes', undefined],
    ['subjectaccessreviews', undefined],
    ['pods', undefined],
    ['endpointmappings', undefined],
    ['pods', 'status'],
  ])
})

test('the right to tokens stands alone, for those who switch it on', async () => {
  const text = await readFile(join(import.meta.dirname, 'rbac', 'serviceaccount.yaml'), 'utf8')
  const [role, binding] = parseAllDocuments(text).map((document) => document.toJS())
  expect(role.rules).toEqual([{ apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] }])
  expect(binding.subjects).toEqual([{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: GROUP }])
  for (const side of ['home', 'remote'] as const) expect(await readManifest(side)).not.toContain('token')
})

test('the internal network has names for what it may write outside its own kinds, and cannot read the private key', () => {
  const rules = [...NETWORK_RIGHTS, ...NETWORK_RIGHTS_IN_NAMESPACE]
  const writing = rules.filter(({ verbs }) => verbs.some((verb) => verb !== 'get' && verb !== 'list'))
  const anywhere = writing.filter(({ names }) => names === undefined).map(({ resource }) => resource.plural)
  expect([...new Set(anywhere)]).toEqual(['endpointmappings', 'networkconfigs', 'tunnelendpoints', 'events'])
  const key = rules.filter(({ resource, names }) => resource === SECRET && names?.includes(GATEWAY_KEY))
  expect(key.map(({ verbs }) => verbs)).toEqual([['delete']])
})

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SECRET, SYSTEM_NAMESPACE } from '../lib/cluster/resources.ts'
import { GATEWAY_KEY } from '../lib/flows/network/fabric/names.ts'
import { ROOT } from './local/root.ts'
import { NETWORK_RIGHTS } from './network-rights.ts'
import { ACTING, resourceOf, rightsOf, rightsOfAll, type Use } from './rights.ts'

const use = (...sides: Use['sides'][number][]): Use => ({
  sides,
  gated: false,
  serviceAccounts: false,
  internal: false,
})
const text = (rules: ReturnType<typeof rightsOf>) =>
  rules.flatMap((rule) => rule.verbs.map((verb) => `${verb} ${resourceOf(rule)}`)).toSorted()

test('every function has its rights, but for the one that faces the network', async () => {
  const functions = (await readdir(join(ROOT, 'functions'))).map((file) => file.replace(/\.ts$/, ''))
  expect(functions.filter((name) => !ACTING.includes(name))).toEqual(['webhook'])
  expect(ACTING.filter((name) => !functions.includes(name))).toEqual([])
})

test('nothing is granted with a wildcard', () => {
  for (const { resource, verbs } of rightsOfAll({ ...use('home', 'remote'), gated: true, serviceAccounts: true })) {
    expect([resource.group, resource.plural, ...verbs]).not.toContain('*')
  }
})

test('nothing of a user’s is written at home, but for a label of a namespace, and of a pod its label, status and end; nodes, volumes and addresses are our own', () => {
  const written = rightsOfAll(use('home')).filter(({ verbs }) =>
    verbs.some((verb) => verb !== 'get' && verb !== 'list'),
  )
  expect(written.map(resourceOf).toSorted()).toEqual([
    'endpointmappings',
    'events',
    'ipamstorages',
    'leases',
    'namespaceoffloadings/status',
    'namespaces',
    'nodes',
    'nodes/status',
    'persistentvolumes',
    'pods',
    'pods/status',
    'subjectaccessreviews',
  ])
})

test('the internal network has names for what it may write outside its own kinds, and cannot read the private key', () => {
  const writing = NETWORK_RIGHTS.filter(({ verbs }) => verbs.some((verb) => verb !== 'get' && verb !== 'list'))
  const anywhere = writing.filter(({ names }) => names === undefined).map(({ resource }) => resource.plural)
  expect([...new Set(anywhere)]).toEqual(['endpointmappings', 'networkconfigs', 'tunnelendpoints', 'events'])
  const key = NETWORK_RIGHTS.filter(({ resource, names }) => resource === SECRET && names?.includes(GATEWAY_KEY))
  expect(key.map(({ verbs }) => verbs)).toEqual([['delete']])
})

test('a reflector reads at home, and tells; elsewhere it writes its copies', () => {
  expect(text(rightsOf('configmap', use('home')))).toEqual([
    'create events',
    'get configmaps',
    'get namespaceoffloadings',
    'get namespaces',
    'list configmaps',
    'patch events',
  ])
  expect(text(rightsOf('configmap', use('remote')))).toEqual([
    'create configmaps',
    'delete configmaps',
    'get configmaps',
    'get namespaces',
    'list configmaps',
    'list namespaces',
    'patch configmaps',
  ])
})

test('Secrets are read by the functions that reflect or sweep them, and no other', () => {
  const readers = ACTING.filter((fn) => text(rightsOf(fn, use('home', 'remote'))).includes('get secrets'))
  expect(readers.toSorted()).toEqual(['event', 'namespace', 'secret', 'sweep'])
})

test('what is off, or not used, is not granted', () => {
  const verbs = (change: Partial<Use>, fn: string) => text(rightsOf(fn, { ...use('home'), ...change }))
  expect(verbs({}, 'serviceaccount')).toEqual([])
  expect(verbs({ serviceAccounts: true }, 'serviceaccount')).toContain('create serviceaccounts/token')
  expect(verbs({}, 'network')).toEqual([])
  expect(verbs({ internal: true }, 'network')).toContain('create ipamstorages')
  expect(verbs({}, 'pod')).not.toContain('create persistentvolumes')
  expect(verbs({ gated: true }, 'pod')).toContain('create persistentvolumes')
  expect(rightsOf('configmap', use())).toEqual([])
})

test('in the namespace of the internal network some read the TunnelEndpoints, and two may more; where there is none nobody is', () => {
  const there = (fn: string, internal: boolean) =>
    rightsOf(fn, { ...use('home'), internal }).filter(({ namespace }) => namespace === SYSTEM_NAMESPACE)
  const readers = ACTING.filter((fn) => there(fn, true).length > 0)
  expect(readers.toSorted()).toEqual(['endpointslice', 'namespace', 'network', 'node', 'pod', 'sweep'])
  const writers = readers.filter((fn) => there(fn, true).some(({ resource }) => resource === SECRET))
  expect(writers.toSorted()).toEqual(['network', 'sweep'])
  for (const fn of ['endpointslice', 'namespace', 'pod']) {
    expect(text(there(fn, true))).toEqual(['get tunnelendpoints', 'list tunnelendpoints'])
  }
  expect(ACTING.flatMap((fn) => there(fn, false))).toEqual([])
})

test.each(['home', 'remote'] as const)(
  'where the internal network is not wanted, at %s, the sweep can remove it',
  (side) => {
    const rights = text(rightsOf('sweep', use(side)))
    const removal = ['delete endpointmappings', 'delete ipamstorages', 'get ipamstorages', 'list endpointmappings']
    expect(rights).toEqual(expect.arrayContaining(removal))
    expect(rights.filter((right) => /^(create|patch) ipamstorages/.test(right))).toEqual([])
  },
)

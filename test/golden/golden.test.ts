import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import type { KubeObject } from '../../lib/cluster/port.ts'
import { type Golden, readCases } from './cases.ts'
import { brokenAsserts, differences } from './compare.ts'
import { deviationsPage } from './deviations.ts'
import { runCase } from './run.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

const all = await readCases(here('cases'))
const results = await Promise.all(all.map(runCase))
const passed = results.filter(({ outcome }) => outcome === 'passed').map(({ given }) => given)

test('every golden case agrees', () => {
  const failed = results.filter(({ outcome }) => outcome === 'failed')
  expect(failed.map(({ given, problems }) => ({ id: given.id, problems }))).toEqual([])
  const built = new Set(passed.map(({ kind }) => kind))
  expect([...built].sort()).toEqual([
    'configmap',
    'endpointslice',
    'endpointslice-remote',
    'event-message',
    'ingress',
    'ip-mapping',
    'ipam-allocation',
    'ipam-pure',
    'labels',
    'names',
    'namespace-name',
    'namespaceoffloading-webhook',
    'persistentvolumeclaim',
    'pod-from-shadow',
    'pod-local',
    'pod-remote',
    'pod-status',
    'pod-webhook',
    'policy',
    'reflect-configmap',
    'reflect-endpointslice',
    'reflect-event',
    'reflect-ingress',
    'reflect-persistentvolumeclaim',
    'reflect-pod',
    'reflect-pod-fallback',
    'reflect-secret',
    'reflect-service',
    'reflect-serviceaccount',
    'secret',
    'service',
    'serviceaccount',
    'unit-fact',
  ])
})

test('each case that agrees fails once something else is expected', async () => {
  const altered = passed.map((given) => ({ ...given, expected: alter(given.expected), asserts: [] }))
  const outcomes = await Promise.all(altered.map(runCase))
  expect(outcomes.filter(({ outcome }) => outcome !== 'failed').map(({ given }) => given.id)).toEqual([])
})

/** The same but for one leaf, the last. */
function alter(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value === 'boolean' ? !value : 'altered'
  // The texts of errors are not compared.
  if ('error' in value || 'panic' in value) return 'altered'
  const [key, last] = Object.entries(value).at(-1) ?? ['added']
  if (Array.isArray(value)) return value.length === 0 ? ['altered'] : [...value.slice(0, -1), alter(last)]
  return { ...value, [key]: alter(last) }
}

test('the page of deviations is up to date', async () => {
  await expect(deviationsPage()).toMatchFileSnapshot('deviations.md')
})

const secret: Golden = {
  id: 'x@v1.2.0',
  case: 'x',
  kind: 'reflect-secret',
  fn: 'ReflectHandle',
  version: 'v1.2.0',
  params: {
    localCluster: { id: 'rome' },
    remoteCluster: { id: 'milan' },
    localNamespace: 'shop',
    remoteNamespace: 'shop-rome',
    name: 's',
  },
  input: {},
  expected: {},
}
const meta = { name: 's', namespace: 'shop', uid: 'u-1' }
const marks = { 'offloading.liqo.io/origin': 'rome', 'offloading.liqo.io/destination': 'milan' }
const copy = { metadata: { ...meta, namespace: 'shop-rome', uid: 'r-1', labels: marks } }
const applied = {
  cluster: 'remote',
  verb: 'apply',
  resource: 'secrets',
  namespace: 'shop-rome',
  name: 's',
  object: copy,
}
const success = 'Normal SuccessfulReflection Successfully reflected object to cluster "milan"'
const both = { 'liqo.io/skip-reflection': 'true', 'liqo.io/allow-reflection': 'true' }

/** What Liqo would do, where we mean to do something else and no case of the folder shows it. */
const deviating: { name: string; given: Golden; used: string[] }[] = [
  {
    name: 'a Helm release was reflected: its copy goes',
    given: {
      ...secret,
      input: { local: [{ metadata: meta, type: 'helm.sh/release.v1' }], remote: [copy] },
      expected: { actions: [applied], events: [success] },
    },
    used: ['secrets-of-one-cluster', 'guarded-writes'],
  },
  {
    name: 'a service account token would be reflected',
    given: {
      ...secret,
      params: { ...secret.params, enableSAReflection: true },
      input: { local: [{ metadata: meta, type: 'kubernetes.io/service-account-token' }], remote: [] },
      expected: { actions: [applied], events: [success] },
    },
    used: ['tokens-stay-home'],
  },
  {
    name: 'the root CA has both annotations',
    given: {
      ...secret,
      kind: 'reflect-configmap',
      params: { ...secret.params, name: 'kube-root-ca.crt' },
      input: { local: [{ metadata: { ...meta, name: 'kube-root-ca.crt', annotations: both } }], remote: [] },
      expected: { actions: [], events: [], error: "can't have both" },
    },
    used: ['contradiction-is-told'],
  },
  {
    name: 'both annotations, as a policy',
    given: {
      ...secret,
      kind: 'policy',
      fn: 'Pure',
      input: { call: 'ShouldSkipReflection', annotations: both },
      expected: { forcedSkip: null, skip: true },
    },
    used: ['contradiction-is-told'],
  },
  {
    name: 'a field that Liqo does not send',
    given: {
      ...secret,
      kind: 'service',
      fn: 'RemoteService',
      input: { metadata: meta, spec: { trafficDistribution: 'PreferClose' } },
      expected: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 's', namespace: 'shop-rome', labels: marks },
        spec: {
          type: '',
          externalName: '',
          externalTrafficPolicy: '',
          publishNotReadyAddresses: false,
          sessionAffinity: '',
        },
      },
    },
    used: ['unknown-fields-pass'],
  },
  {
    name: 'the target is being deleted',
    given: {
      ...secret,
      input: {
        local: [],
        remote: [{ metadata: { ...copy.metadata, deletionTimestamp: '2026-03-02T10:00:00Z', finalizers: ['a/b'] } }],
      },
      expected: { actions: [{ ...applied, verb: 'delete', options: { preconditions: { uid: 'r-1' } } }], events: [] },
    },
    used: ['terminating-target'],
  },
]

test.each(deviating)('deviation: $name', async ({ given, used }) => {
  const result = await runCase(given)
  expect(result).toMatchObject({ outcome: 'passed', problems: [], deviations: used })
})

/** A case of Liqo's remote controller where all is well, with other conditions of the peering. */
function unwell(network: string, apiServer: string): Golden {
  const { input, expected, ...given } = structuredClone(all.find(({ id }) => id.includes('-010-no-remap-needed'))!)
  const { objects } = input as { objects: (KubeObject & { status: ForeignClusterStatus })[] }
  const { status } = objects.find(({ kind }) => kind === 'ForeignCluster')!
  status.modules.networking.conditions[0]!.status = network
  status.conditions[0]!.status = apiServer
  const { actions } = expected as { actions: { object: { endpoints: { conditions: object }[] } }[] }
  for (const endpoint of actions[0]!.object.endpoints) endpoint.conditions = { ready: false }
  return { ...given, input, expected }
}

interface ForeignClusterStatus {
  modules: { networking: { conditions: { status: string }[] } }
  conditions: { status: string }[]
}

test.each([
  ['Connecting', 'Established'],
  ['Established', 'Error'],
  ['Error', 'Error'],
])('endpoints of a home with network %s and API server %s are not ready', async (network, apiServer) => {
  const { problems, deviations } = await runCase(unwell(network, apiServer))
  expect(problems).toEqual([])
  expect(deviations).toContain('withdrawn-later')
})

describe('comparing', () => {
  const rows: { name: string; given: [expected: unknown, actual: unknown]; want: string[] }[] = [
    {
      name: 'order of members',
      given: [
        { a: 1, b: [1, 2] },
        { b: [1, 2], a: 1 },
      ],
      want: [],
    },
    {
      name: 'order of items',
      given: [
        [1, 2],
        [2, 1],
      ],
      want: ['0: expected 1, got 2', '1: expected 2, got 1'],
    },
    { name: 'a zero value is not nothing', given: [{ a: '' }, {}], want: ['a: expected "", got nothing'] },
    { name: 'the clock', given: [{ at: '<now>' }, { at: '2026-03-02T10:00:00Z' }], want: [] },
    { name: 'no time', given: [{ at: '<now>' }, { at: 'noon' }], want: ['at: expected "<now>", got "noon"'] },
    {
      name: 'what serialisation leaves behind',
      given: [
        { a: { status: { phase: '' }, spec: { containers: null } }, creationTimestamp: null },
        { a: { resources: {} } },
      ],
      want: [],
    },
    {
      name: 'the text of an error',
      given: [
        { error: 'theirs', actions: [] },
        { error: 'ours', actions: [] },
      ],
      want: [],
    },
    { name: 'a crash is an error', given: [[{ panic: 'index out of range' }], [{ error: 'ours' }]], want: [] },
    {
      name: 'no error',
      given: [{ panic: 'index out of range' }, 'fine'],
      want: ['(whole): expected {"error":"<error>"}, got "fine"'],
    },
    {
      name: 'a key named error is data further down',
      given: [{ data: { error: 'a' } }, { data: { error: 'b' } }],
      want: ['data.error: expected "a", got "b"'],
    },
  ]
  test.each(rows)('$name', ({ given, want }) => {
    expect(differences(...given)).toEqual(want)
  })
})

test('asserted facts', () => {
  const actual = { labels: { 'a.b/c': 'x' }, list: [{ error: 'e' }, '10.1.0.0/16'] }
  const facts = [
    { path: 'labels.a.b/c', equals: 'x', notEquals: 'y' },
    { path: 'labels', length: 1 },
    { path: 'none', length: 0, absent: true },
    { path: 'list.0', isError: true },
    { path: 'list.1', matches: '/16$', notMatches: '^11\\.', isError: false },
  ]
  expect(brokenAsserts(facts, actual)).toEqual([])
  expect(brokenAsserts([{ path: 'error', equals: 'theirs' }], { error: 'ours' })).toEqual([])
  const wrong = [
    { path: 'labels.a.b/c', equals: 'y', notEquals: 'x' },
    { path: 'labels', length: 2, absent: true },
    { path: 'list.1', matches: '^11\\.', isError: true },
    { path: 'list.1.error', equals: 'no error' },
    { path: 'labels', unheardOf: 1 },
  ]
  expect(brokenAsserts(wrong, actual)).toHaveLength(8)
})

describe('on the command line', () => {
  const line = { id: 'n@v1.2.0', case: 'n', kind: 'namespace-name', fn: 'RemoteNamespaceName', version: 'v1.2.0' }
  const params = { localCluster: { id: 'rome' }, localNamespace: 'shop', ofALaterFolder: 1 }
  const input = { metadata: { name: 'offloading', namespace: 'shop' }, spec: {} }
  const good = { ...line, params, input, expected: 'shop-rome' }

  const rows: { name: string; given: string | undefined; want: { status: number; last: string } }[] = [
    { name: 'all agree', given: JSON.stringify(good), want: { status: 0, last: '1 passed, 0 failed' } },
    {
      name: 'the line of v1.2.0 is the one that counts',
      given: `${JSON.stringify({ ...good, id: 'n@v0.8.3', version: 'v0.8.3', expected: 'shop-rome-0ac167' })}\n${JSON.stringify(good)}\n`,
      want: { status: 0, last: '1 passed, 0 failed' },
    },
    {
      name: 'one differs',
      given: JSON.stringify({ ...good, expected: 'shop' }),
      want: { status: 1, last: '0 passed, 1 failed' },
    },
    {
      name: 'a kind, a function and a call that nothing answers',
      given: [
        { ...good, kind: 'later' },
        { ...good, kind: 'service' },
        { ...good, kind: 'names', fn: 'Pure', input: { call: 'Later' } },
      ]
        .map((each) => JSON.stringify(each))
        .join('\n'),
      want: { status: 1, last: '0 passed, 3 failed' },
    },
    { name: 'a line that is not JSON', given: '{', want: { status: 2, last: '' } },
    { name: 'a line that is not a case', given: '{"id": "n"}', want: { status: 2, last: '' } },
    { name: 'no case at all', given: '', want: { status: 2, last: '' } },
    { name: 'no folder', given: undefined, want: { status: 2, last: '' } },
  ]

  test.each(rows)('$name', ({ given, want }) => {
    const folder = mkdtempSync(join(tmpdir(), 'golden-'))
    folders.push(folder)
    if (given !== undefined) writeFileSync(join(folder, 'cases.jsonl'), given)
    const argument = given === undefined ? join(folder, 'none') : folder
    const run = spawnSync(process.execPath, [here('main.ts'), argument], { encoding: 'utf8' })
    expect({ status: run.status, last: run.stdout.trimEnd().split('\n').at(-1) }).toEqual(want)
    expect(run.stderr).toMatch(want.status === 2 ? /^golden: .+/ : /^$/)
  })
})

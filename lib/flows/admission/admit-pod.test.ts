import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../cluster/port.ts'
import type { OffloadingMode } from '../../config/offloading.ts'
import { gateName } from '../../kinds/pod/gate.ts'
import { clusterLabels } from '../node/name.ts'
import { admitPod } from './admit-pod.ts'
import type { Candidate } from './choose.ts'

const TOLERATION = { key: 'virtual-node.liqo.io/not-allowed', operator: 'Exists', effect: 'NoExecute' }
const VIRTUAL = { key: 'liqo.io/type', operator: 'In', values: ['virtual-node'] }
const NOT_VIRTUAL = { key: 'liqo.io/type', operator: 'NotIn', values: ['virtual-node'] }

const terms = (...nodeSelectorTerms: object[]) => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
})
const term = (...matchExpressions: object[]) => ({ matchExpressions })
const pinned = (name: string) => ({ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] })

function offloading(spec: object, ready: string[] = []): KubeObject {
  const status = {
    remoteNamespacesConditions: Object.fromEntries(ready.map((id) => [id, [{ type: 'Ready', status: 'True' }]])),
  }
  const metadata = { name: 'offloading', namespace: 'shop' }
  return { apiVersion: 'offloading.liqo.io/v1beta1', kind: 'NamespaceOffloading', metadata, spec, status }
}
const pod = (spec: object = {}, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec,
})
const cluster = (remote: string, mode: OffloadingMode = 'gate', labels = {}): Candidate => ({
  remote,
  mode,
  labels: clusterLabels(remote, labels),
})
const gate = (...ids: string[]) => ({ schedulingGates: ids.map((id) => ({ name: gateName(id) })) })
const ask = (given: KubeObject, strategy: object, candidates: Candidate[] = [], uid = 'u', ready: string[] = []) =>
  admitPod({ pod: given, uid, offloading: offloading(strategy, ready), candidates, runtimeClass: 'liqo' })

const REMOTE = { podOffloadingStrategy: 'Remote' }
const BOTH = { podOffloadingStrategy: 'LocalAndRemote' }
const LOCAL = { podOffloadingStrategy: 'Local' }
const daemon = { ownerReferences: [{ kind: 'DaemonSet', name: 'd', uid: 'd', controller: true }] }

describe('with virtual nodes', () => {
  const tolerated = { tolerations: [TOLERATION] }
  const rows: { name: string; given: KubeObject; strategy: object; want: object | undefined }[] = [
    { name: 'Local', given: pod(), strategy: LOCAL, want: undefined },
    { name: 'Remote', given: pod(), strategy: REMOTE, want: { ...tolerated, affinity: terms(term(VIRTUAL)) } },
    { name: 'LocalAndRemote', given: pod(), strategy: BOTH, want: tolerated },
    { name: 'no strategy is LocalAndRemote', given: pod(), strategy: {}, want: tolerated },
    {
      name: 'LocalAndRemote of some clusters',
      given: pod(),
      strategy: { ...BOTH, clusterSelector: { nodeSelectorTerms: [term({ key: 'gpu', operator: 'Exists' })] } },
      want: { ...tolerated, affinity: terms(term({ key: 'gpu', operator: 'Exists' }), term(NOT_VIRTUAL)) },
    },
    {
      name: 'a runtime class that places itself',
      given: pod({ runtimeClassName: 'liqo' }),
      strategy: REMOTE,
      want: undefined,
    },
    {
      name: 'tolerated with a value',
      given: pod({ tolerations: [{ key: TOLERATION.key, value: 'true' }] }),
      strategy: BOTH,
      want: undefined,
    },
    { name: 'tolerates all', given: pod({ tolerations: [{ operator: 'Exists' }] }), strategy: BOTH, want: undefined },
    ...[
      { ...TOLERATION, tolerationSeconds: 60 },
      { ...TOLERATION, effect: 'NoSchedule' },
      { key: TOLERATION.key, value: 'false' },
      { key: 'other', operator: 'Exists' },
    ].map((own) => ({
      name: `not tolerated by ${JSON.stringify(own)}`,
      given: pod({ tolerations: [own] }),
      strategy: BOTH,
      want: { tolerations: [own, TOLERATION] },
    })),
    {
      name: 'a DaemonSet stays on the nodes of its own cluster',
      given: pod({ affinity: terms(pinned('n1')), tolerations: [{ operator: 'Exists' }] }, daemon),
      strategy: REMOTE,
      want: { affinity: terms({ ...term(NOT_VIRTUAL), ...pinned('n1') }) },
    },
    {
      name: 'a gate that the pod was copied with goes',
      given: pod({ schedulingGates: [{ name: 'example.com/wait' }, { name: gateName('milan') }] }),
      strategy: BOTH,
      want: { ...tolerated, schedulingGates: [{ name: 'example.com/wait' }] },
    },
  ]
  test.each(rows)('$name', ({ given, strategy, want }) => {
    const decision = ask(given, strategy, [cluster('milan', 'virtual-node')])
    expect(decision).toEqual({ allowed: true, code: 200, ...(want && { fields: want }) })
    const again = { ...given, spec: { ...(given.spec as object), ...decision.fields } }
    expect(ask(again, strategy, [cluster('milan', 'virtual-node')]).fields?.tolerations).toBeUndefined()
  })

  test('a strategy that does not exist', () => {
    expect(ask(pod(), { podOffloadingStrategy: 'Everywhere' })).toMatchObject({ allowed: false, code: 500 })
  })

  test('no NamespaceOffloading', () => {
    expect(admitPod({ pod: pod(), uid: 'u', offloading: undefined, candidates: [], runtimeClass: 'liqo' })).toEqual({
      allowed: true,
      code: 200,
    })
  })
})

describe('gated', () => {
  const region = (value: string) => ({
    clusterSelector: { nodeSelectorTerms: [term({ key: 'region', operator: 'In', values: [value] })] },
  })
  const milan = cluster('milan', 'gate', { region: 'eu' })
  const turin = cluster('turin', 'gate', { region: 'us' })
  const rows: {
    name: string
    given: KubeObject
    strategy: object
    candidates: Candidate[]
    want: object | undefined
  }[] = [
    { name: 'for the only cluster', given: pod(), strategy: REMOTE, candidates: [milan], want: gate('milan') },
    { name: 'Local', given: pod(), strategy: LOCAL, candidates: [milan], want: undefined },
    {
      name: 'for the one selected',
      given: pod(),
      strategy: { ...REMOTE, ...region('us') },
      candidates: [milan, turin],
      want: gate('turin'),
    },
    {
      name: 'for the one the pod asks for, also where home would do',
      given: pod({ nodeSelector: { 'liqo.io/remote-cluster-id': 'turin' } }),
      strategy: BOTH,
      candidates: [milan, turin],
      want: gate('turin'),
    },
    {
      name: 'for the one the pod is pinned to',
      given: pod({ affinity: terms(pinned('liqo-turin')) }),
      strategy: REMOTE,
      candidates: [milan, turin],
      want: gate('turin'),
    },
    {
      name: 'beside the gates of others',
      given: pod({ schedulingGates: [{ name: 'example.com/wait' }, { name: gateName('gone') }] }),
      strategy: REMOTE,
      candidates: [milan],
      want: { schedulingGates: [{ name: 'example.com/wait' }, { name: gateName('milan') }] },
    },
    {
      name: 'not a pod bound at its creation: the API server refuses both',
      given: pod({ nodeName: 'n1', tolerations: [TOLERATION] }),
      strategy: BOTH,
      candidates: [milan],
      want: undefined,
    },
    {
      name: 'not where the pod suits no remote cluster and may stay',
      given: pod({ nodeSelector: { disk: 'ssd' }, tolerations: [TOLERATION] }),
      strategy: BOTH,
      candidates: [milan],
      want: undefined,
    },
    {
      name: 'not of a DaemonSet',
      given: pod({}, daemon),
      strategy: REMOTE,
      candidates: [milan],
      want: { affinity: terms(term(NOT_VIRTUAL)) },
    },
  ]
  test.each(rows)('$name', ({ given, strategy, candidates, want }) => {
    expect(ask(given, strategy, candidates)).toEqual({ allowed: true, code: 200, ...(want && { fields: want }) })
  })

  const chosen = (
    uids: Iterable<string>,
    strategy: object,
    candidates: Candidate[],
    of = pod(),
    ready: string[] = [],
  ) =>
    Map.groupBy(
      [...uids].map((uid) => ask(of, strategy, candidates, uid, ready)),
      ({ fields }) =>
        fields?.schedulingGates ? (fields.schedulingGates as { name: string }[])[0]!.name.split('/')[1]! : 'home',
    )
  const uids = Array.from({ length: 600 }, (_, index) => `uid-${index}`)

  test('evenly in the long run, home included where it may be', () => {
    const remote = chosen(uids, REMOTE, [milan, turin])
    expect([...remote.keys()].sort()).toEqual(['milan', 'turin'])
    for (const { length } of remote.values()) expect(length).toBeGreaterThan(240)
    const anywhere = chosen(uids, BOTH, [milan, turin])
    expect([...anywhere.keys()].sort()).toEqual(['home', 'milan', 'turin'])
    for (const { length } of anywhere.values()) expect(length).toBeGreaterThan(150)
  })

  test('the same request, and the order of the peerings, change nothing', () => {
    for (const uid of uids.slice(0, 50)) {
      expect(ask(pod(), BOTH, [turin, milan], uid)).toEqual(ask(pod(), BOTH, [milan, turin], uid))
    }
  })

  test('only clusters that are ready, if any is', () => {
    expect([...chosen(uids.slice(0, 50), REMOTE, [milan, turin], pod(), ['turin']).keys()]).toEqual(['turin'])
  })

  test.each(['apps.kubernetes.io/pod-index', 'batch.kubernetes.io/job-completion-index'])(
    'numbered by %s: in turn, and again the same',
    (label) => {
      const numbered = (index: number) =>
        pod({}, { labels: { [label]: String(index) }, ownerReferences: [{ uid: 'set' }] })
      const places = [0, 1, 2, 3].map((index) => [
        ...chosen(uids.slice(0, 20), REMOTE, [milan, turin], numbered(index)).keys(),
      ])
      expect(places.every(({ length }) => length === 1)).toBe(true)
      expect(places[0]).toEqual(places[2])
      expect(places[1]).toEqual(places[3])
      expect(places[0]).not.toEqual(places[1])
    },
  )

  test('beside a cluster with a virtual node: the scheduler gets its part', () => {
    const mixed = chosen(uids, REMOTE, [milan, cluster('turin', 'virtual-node')])
    expect([...mixed.keys()].sort()).toEqual(['home', 'milan'])
    const [toTurin] = mixed.get('home')!
    expect(toTurin?.fields).toEqual({ tolerations: [TOLERATION], affinity: terms(term(VIRTUAL)) })
  })

  test('refused where it may not stay and can go nowhere', () => {
    expect(ask(pod({ nodeSelector: { disk: 'ssd' } }), REMOTE, [milan, turin])).toMatchObject({
      allowed: false,
      code: 403,
      message: expect.stringContaining('(milan, turin)'),
    })
  })

  test('refused with a selector that makes no sense', () => {
    const clusterSelector = { nodeSelectorTerms: [term({ key: 'a', operator: 'Near' })] }
    expect(ask(pod(), { ...REMOTE, clusterSelector }, [milan]).message).toContain('operator "Near"')
  })
})

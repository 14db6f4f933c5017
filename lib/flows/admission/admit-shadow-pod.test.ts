import { describe, expect, test } from 'vitest'
import { toAmounts } from '../../capacity/amounts.ts'
import type { KubeObject } from '../../cluster/port.ts'
import { admitOrigin, admitQuota, admitUpdate } from './admit-shadow-pod.ts'

const ORIGIN = 'offloading.liqo.io/origin'
const container = (cpu?: string, memory?: string, more: object = {}) => ({
  name: 'app',
  image: 'web:1',
  resources: { requests: { ...(cpu && { cpu }), ...(memory && { memory }) } },
  ...more,
})
const shadowPod = (pod: object, origin: string | undefined = 'rome', phase?: string): KubeObject => ({
  apiVersion: 'offloading.liqo.io/v1beta1',
  kind: 'ShadowPod',
  metadata: { name: 'web', namespace: 'shop-rome', labels: origin ? { [ORIGIN]: origin } : {} },
  spec: { pod },
  ...(phase && { status: { phase } }),
})
const namespace = (owner?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop-rome', ...(owner && { labels: { 'liqo.io/remote-cluster-id': owner } }) },
})

describe('origin', () => {
  test.each<[string, KubeObject, KubeObject | undefined, boolean]>([
    ['agrees', shadowPod({}), namespace('rome'), true],
    ['lacks', shadowPod({}, ''), namespace('rome'), false],
    ['is another', shadowPod({}, 'oslo'), namespace('rome'), false],
    ['has no namespace of its own', shadowPod({}), namespace(), false],
    ['has no namespace', shadowPod({}), undefined, false],
  ])('%s', (_, given, where, want) => {
    expect(admitOrigin(given, where).allowed).toBe(want)
  })
})

describe('update', () => {
  const spec = { containers: [container('1', '1Gi')], initContainers: [{ name: 'init', image: 'i:1' }], nodeName: 'n' }
  test.each<[string, KubeObject, boolean]>([
    ['nothing', shadowPod(spec), true],
    [
      'images',
      shadowPod({
        ...spec,
        containers: [container('1', '1Gi', { image: 'web:2' })],
        initContainers: [{ name: 'init', image: 'i:2' }],
      }),
      true,
    ],
    ['activeDeadlineSeconds', shadowPod({ ...spec, activeDeadlineSeconds: 5 }), true],
    ['tolerations', shadowPod({ ...spec, tolerations: [{ operator: 'Exists' }] }), true],
    ['resources', shadowPod({ ...spec, containers: [container('9', '1Gi')] }), false],
    ['a container more', shadowPod({ ...spec, containers: [...spec.containers, container('1', '1Gi')] }), false],
    ['a field more', shadowPod({ ...spec, hostNetwork: true }), false],
    ['a field less', shadowPod({ containers: spec.containers, initContainers: spec.initContainers }), false],
    ['origin', shadowPod(spec, 'oslo'), false],
    ['origin dropped', shadowPod(spec, ''), false],
  ])('%s', (_, given, want) => {
    expect(admitUpdate(given, shadowPod(spec)).allowed).toBe(want)
  })

  test('origin added', () => {
    expect(admitUpdate(shadowPod(spec), shadowPod(spec, '')).allowed).toBe(false)
  })
})

describe('quota', () => {
  const one = shadowPod({ containers: [container('1', '1Gi')] })
  const ended = (phase: string) => shadowPod({ containers: [container('1', '1Gi')] }, 'rome', phase)
  const rows: {
    name: string
    given: KubeObject
    others: KubeObject[]
    quota: Record<string, string>
    want: string | undefined
  }[] = [
    { name: 'fits exactly', given: one, others: [one], quota: { cpu: '2', memory: '2Gi' }, want: undefined },
    {
      name: 'one too many',
      given: one,
      others: [one, one],
      quota: { cpu: '2500m', memory: '20Gi' },
      want: 'quota of cluster rome exceeded: cpu: 1 requested, 0.5 of 2.5 left',
    },
    {
      name: 'what has ended takes no place',
      given: one,
      others: [ended('Succeeded'), ended('Failed')],
      quota: { cpu: '1', memory: '1Gi' },
      want: undefined,
    },
    {
      name: 'what runs does',
      given: one,
      others: [ended('Running')],
      quota: { cpu: '1', memory: '9Gi' },
      want: 'quota of cluster rome exceeded: cpu: 1 requested, 0 of 1 left',
    },
    {
      name: 'an unbounded container',
      given: shadowPod({ containers: [container('1')] }),
      others: [],
      quota: { cpu: '2', memory: '2Gi' },
      want: 'container app must set a request or limit for memory',
    },
    {
      name: 'an unbounded container of another resource',
      given: shadowPod({ containers: [container('1')] }),
      others: [],
      quota: { cpu: '2' },
      want: undefined,
    },
    {
      name: 'a resource that is not granted',
      given: shadowPod({ containers: [{ resources: { limits: { cpu: '1', 'nvidia.com/gpu': 1 } } }] }),
      others: [],
      quota: { cpu: '2' },
      want: 'resource nvidia.com/gpu is not granted to cluster rome',
    },
    {
      name: 'a count of pods',
      given: shadowPod({}),
      others: [shadowPod({}), shadowPod({})],
      quota: { pods: '2' },
      want: 'quota of cluster rome exceeded: pods: 1 requested, 0 of 2 left',
    },
  ]
  test.each(rows)('$name', ({ given, others, quota, want }) => {
    const { allowed, message } = admitQuota(given, others, toAmounts(quota))
    expect({ allowed, message }).toEqual({ allowed: want === undefined, message: want })
  })
})

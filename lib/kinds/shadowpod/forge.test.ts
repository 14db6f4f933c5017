import { describe, expect, test } from 'vitest'
import { shopContext as context } from '../../../test/support/context.ts'
import type { KubeObject } from '../../cluster/port.ts'
import { digest } from '../../reflect/stamp.ts'
import type { Json } from '../json.ts'
import type { Gift, Selection } from '../kind.ts'
import { shadowPodGift } from './back.ts'
import { editedPod, podOf, SPEC_DIGEST } from './forge.ts'
import { selectShadowPod } from './select.ts'
import { withUniqueKeys } from './unique.ts'

const marks = { 'offloading.liqo.io/origin': 'rome', 'offloading.liqo.io/destination': 'milan' }

function shadow(pod: Json, status?: Json, metadata: Json = {}): KubeObject {
  return {
    apiVersion: 'offloading.liqo.io/v1beta1',
    kind: 'ShadowPod',
    metadata: { name: 'web', namespace: 'shop-rome', uid: 's1', labels: { app: 'web', ...marks }, ...metadata },
    spec: { pod },
    ...(status && { status }),
  }
}

function pod(status: Json, metadata: Json = {}): KubeObject {
  const ownerReferences = [{ uid: 's1' }]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', uid: 'p1', labels: marks, ownerReferences, ...metadata },
    spec: {},
    status,
  }
}

test('the pod bears what the ShadowPod bears, and is owned by it', () => {
  expect(
    podOf(shadow({ containers: [] }, undefined, { annotations: { a: 'b' }, finalizers: ['x/y'] }), context),
  ).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web',
      namespace: 'shop-rome',
      labels: { app: 'web', 'liqo.io/managed-by': 'shadowpod', ...marks },
      annotations: { a: 'b', [SPEC_DIGEST]: digest({ containers: [] }) },
      ownerReferences: [
        {
          apiVersion: 'offloading.liqo.io/v1beta1',
          kind: 'ShadowPod',
          name: 'web',
          uid: 's1',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: { containers: [] },
  })
})

describe('a pod that is there', () => {
  const of = (image: string, metadata: Json = {}) =>
    podOf(shadow({ containers: [{ name: 'a', image }] }, undefined, metadata), context)
  const rewritten = (pod: KubeObject): KubeObject => ({
    ...pod,
    spec: { nodeName: 'w1', containers: [{ name: 'a', image: 'near.example/a:1' }] },
  })
  const specWith = (image: string) => ({ nodeName: 'w1', containers: [{ name: 'a', image }] })

  test.each([
    ['keeps the image that its cluster has given it', of('a:1'), 'near.example/a:1'],
    ['keeps it when home changes a label', of('a:1', { labels: { app: 'shop', ...marks } }), 'near.example/a:1'],
    ['takes another image of home', of('a:2'), 'a:2'],
  ])('%s', (_, desired, image) => {
    const edited = editedPod(desired, rewritten(of('a:1')))
    expect(edited).toEqual({ ...desired, spec: specWith(image) })
  })

  test('of an earlier version takes what home wants', () => {
    const { metadata, ...rest } = rewritten(of('a:1'))
    expect(editedPod(of('a:1'), { ...rest, metadata: { ...metadata, annotations: {} } }).spec).toEqual(specWith('a:1'))
  })
})

describe('what a pod may have twice and an apply may not', () => {
  const rows: { name: string; given: Json; want: Json }[] = [
    { name: 'nothing to do', given: { dnsPolicy: 'None' }, want: { dnsPolicy: 'None' } },
    {
      name: 'of a variable the last counts',
      given: { containers: [{ env: [{ name: 'A', value: '1' }, { name: 'B' }, { name: 'A', value: '2' }] }] },
      want: { containers: [{ env: [{ name: 'B' }, { name: 'A', value: '2' }] }] },
    },
    {
      name: 'of a port the first',
      given: {
        initContainers: [
          {
            ports: [
              { name: 'a', containerPort: 80 },
              { containerPort: 80, protocol: 'TCP' },
              { containerPort: 80, protocol: 'UDP' },
            ],
          },
        ],
      },
      want: {
        initContainers: [
          {
            ports: [
              { name: 'a', containerPort: 80 },
              { containerPort: 80, protocol: 'UDP' },
            ],
          },
        ],
      },
    },
    {
      name: 'aliases of one address are joined',
      given: {
        hostAliases: [
          { ip: '::1', hostnames: ['a'] },
          { ip: '::2', hostnames: ['b'] },
          { ip: '::1', hostnames: ['c'] },
        ],
      },
      want: {
        hostAliases: [
          { ip: '::1', hostnames: ['a', 'c'] },
          { ip: '::2', hostnames: ['b'] },
        ],
      },
    },
  ]
  test.each(rows)('$name', ({ given, want }) => {
    expect(withUniqueKeys(given)).toEqual(want)
  })
})

describe('whether there is to be a pod', () => {
  const job = { restartPolicy: 'Never' }
  const rows: { name: string; given: KubeObject; pods?: KubeObject[]; want: Partial<Selection> }[] = [
    { name: 'yes', given: shadow({}), want: { reflect: true } },
    { name: 'of a lost one that runs for ever', given: shadow({}, { podUID: 'p1' }), want: { reflect: true } },
    { name: 'not after its end', given: shadow({}, { phase: 'Failed' }), want: { reflect: false, keep: true } },
    {
      name: 'not of a lost one with an end',
      given: shadow(job, { podUID: 'p1' }),
      want: { reflect: false, keep: true },
    },
    { name: 'of one with an end that never was', given: shadow(job), want: { reflect: true } },
    { name: 'that runs to its end', given: shadow(job, { podUID: 'p1' }), pods: [pod({})], want: { reflect: true } },
    {
      name: 'not of a ShadowPod that goes',
      given: shadow({}, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      want: { reflect: false, deliberate: true },
    },
    { name: 'not of another peering', given: shadow({}, {}, { labels: {} }), want: { reflect: false, keep: true } },
  ]
  test.each(rows)('$name', ({ given, pods = [], want }) => {
    expect(selectShadowPod(given, context, { pods })).toMatchObject(want)
  })
})

describe('the status of a ShadowPod', () => {
  const seen = { phase: 'Running', podUID: 'p1', restartCount: 0, restarts: 0 }
  const rows: { name: string; given: KubeObject; pods?: KubeObject[]; refusal?: string; want: Gift | undefined }[] = [
    { name: 'follows its pod', given: shadow({}), pods: [pod({ phase: 'Running' })], want: { status: seen } },
    { name: 'is written once', given: shadow({}, seen), pods: [pod({ phase: 'Running' })], want: undefined },
    {
      name: 'stays after the end',
      given: shadow({}, { phase: 'Failed' }),
      pods: [pod({ phase: 'Running' })],
      want: undefined,
    },
    {
      name: 'is not that of an earlier pod',
      given: shadow({}),
      pods: [pod({ phase: 'Failed' }, { ownerReferences: [{ uid: 's0' }] })],
      want: undefined,
    },
    {
      name: 'is not that of somebody else',
      given: shadow({}),
      pods: [pod({ phase: 'Failed' }, { labels: {} })],
      want: undefined,
    },
    { name: 'stays while a pod is made again', given: shadow({}, seen), want: undefined },
    {
      name: 'says why there is none',
      given: shadow({}, seen),
      refusal: 'no room',
      want: { status: { ...seen, phase: 'Pending', reason: 'Refused', message: 'no room' } },
    },
    {
      name: 'of one lost on its way to an end',
      given: shadow({ restartPolicy: 'OnFailure' }, seen),
      want: { status: expect.objectContaining({ phase: 'Failed', reason: 'RemotePodLost', podUID: 'p1' }) },
    },
  ]
  test.each(rows)('$name', ({ given, pods = [], refusal, want }) => {
    const known = {
      source: given,
      target: undefined,
      made: undefined,
      found: { pods },
      refusal,
      now: '2026-01-01T00:00:00Z',
    }
    expect(shadowPodGift(known, context)).toEqual(want)
  })
})

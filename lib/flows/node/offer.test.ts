import { describe, expect, test } from 'vitest'
import { toAmounts } from '../../capacity/amounts.ts'
import type { KubeObject } from '../../cluster/port.ts'
import { offerOf, survey, takenBy, toResourceList } from './offer.ts'

const node = (
  name: string,
  { ready = 'True', labels = {}, unschedulable = false, version = 'v1.36.3' } = {},
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels },
  spec: { unschedulable },
  status: {
    allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
    conditions: [{ type: 'Ready', status: ready }],
    nodeInfo: { kubeletVersion: version },
  },
})
const pod = (nodeName: string | undefined, { phase = 'Running', origin = '' } = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', labels: origin ? { 'offloading.liqo.io/origin': origin } : {} },
  spec: { ...(nodeName && { nodeName }), containers: [{ resources: { requests: { cpu: '500m', memory: '1Gi' } } }] },
  status: { phase },
})

test('nodes that count', () => {
  const virtual = { 'liqo.io/type': 'virtual-node' }
  const { nodes, allocatable, kubeletVersion } = survey([
    node('a', { version: 'v1.36.10' }),
    node('b', { version: 'v1.36.9' }),
    node('lost', { ready: 'Unknown', version: 'v1.20.0' }),
    node('cordoned', { unschedulable: true }),
    node('liqo-turin', { labels: virtual }),
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'new' } },
  ])
  expect([...nodes]).toEqual(['a', 'b'])
  expect(allocatable).toEqual(toAmounts({ cpu: '8', memory: '16Gi', pods: '220' }))
  expect(kubeletVersion).toBe('v1.36.9')
})

describe('a pod takes', () => {
  const nodes = new Set(['a'])
  const all = toAmounts({ cpu: '500m', memory: '1Gi', pods: '1' })
  test.each<[string, KubeObject, object]>([
    ['what it requests, and a place', pod('a'), all],
    ['the same before it runs', pod('a', { phase: 'Pending' }), all],
    ['nothing without a node', pod(undefined, { phase: 'Pending' }), {}],
    ['nothing on a node that does not count', pod('liqo-turin'), {}],
    ['nothing when it has ended', pod('a', { phase: 'Succeeded' }), {}],
    ['nothing when it has failed', pod('a', { phase: 'Failed' }), {}],
    ['nothing when it is of that home', pod('a', { origin: 'rome' }), {}],
    ['its part when it is of another home', pod('a', { origin: 'oslo' }), all],
  ])('%s', (_, given, want) => {
    expect(takenBy(given, nodes, 'rome')).toEqual(want)
  })
})

describe('an offer', () => {
  const allocatable = toAmounts({ cpu: '8', memory: '16Gi', pods: '220', 'nvidia.com/gpu': '3' })
  const taken = toAmounts({ cpu: '1500m', memory: '20Gi', pods: '5' })
  test.each<[string, number, Record<string, string>, Record<string, string>]>([
    ['all that is free', 100, {}, { cpu: '6500m', memory: '0', pods: '215', 'nvidia.com/gpu': '3' }],
    ['a share, rounded down', 30, {}, { cpu: '1950m', memory: '0', pods: '64', 'nvidia.com/gpu': '0' }],
    [
      'no more than the quota',
      100,
      { cpu: '2', memory: '1Gi' },
      { cpu: '2', memory: '0', pods: '215', 'nvidia.com/gpu': '3' },
    ],
    [
      'no less for a larger quota',
      30,
      { cpu: '100' },
      { cpu: '1950m', memory: '0', pods: '64', 'nvidia.com/gpu': '0' },
    ],
  ])('%s', (_, percent, quota, want) => {
    expect(toResourceList(offerOf(allocatable, taken, percent, toAmounts(quota)))).toEqual(want)
  })
})

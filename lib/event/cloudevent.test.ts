import { expect, test } from 'vitest'
import type { ChangeEvent } from './change.ts'
import { pluralOf, readBinaryCloudEvent, readCloudEvents } from './cloudevent.ts'
import type { Trigger } from './triggers.ts'
import { changesOf } from './write.ts'

const triggers: Trigger[] = [
  { kind: 'pod', group: '', plural: 'pods' },
  { kind: 'ingress', group: 'networking.k8s.io', plural: 'ingresses' },
  { kind: 'namespace', group: '', plural: 'namespaces' },
  { kind: 'node', group: '', plural: 'nodes' },
]

/** As Knative's ApiServerSource sends it in mode Resource. */
const event = {
  specversion: '1.0',
  id: '0fd1f8f5-3a0e-4c48-8d8a-0e3f1a1f1d5e',
  source: 'https://10.96.0.1:443',
  type: 'dev.knative.apiserver.resource.update',
  subject: '/apis/v1/namespaces/shop/pods/web-0',
  time: '2026-11-23T14:07:11.129876Z',
  datacontenttype: 'application/json',
  data: {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-0', namespace: 'shop' },
    spec: { containers: [{ name: 'web', env: [{ name: 'PASSWORD', value: 'hunter2' }] }] },
  },
}

const pod: ChangeEvent = { cluster: 'rome', kind: 'pod', namespace: 'shop', names: ['web-0'] }

const rows: { name: string; given: object; want: ChangeEvent[] }[] = [
  { name: 'an update', given: event, want: [pod] },
  { name: 'an addition', given: { ...event, type: 'dev.knative.apiserver.resource.add' }, want: [pod] },
  { name: 'a deletion', given: { ...event, type: 'dev.knative.apiserver.resource.delete' }, want: [pod] },
  {
    name: 'mode Reference: data names the owner, the subject the object',
    given: {
      ...event,
      type: 'dev.knative.apiserver.ref.update',
      data: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', namespace: 'shop' },
    },
    want: [pod],
  },
  {
    name: "a group, and Knative's plural",
    given: { ...event, subject: '/apis/networking.k8s.io/v1/namespaces/shop/ingresss/web' },
    want: [{ ...pod, kind: 'ingress', names: ['web'] }],
  },
  {
    name: "the API server's own plural",
    given: { ...event, subject: '/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web' },
    want: [{ ...pod, kind: 'ingress', names: ['web'] }],
  },
  {
    name: 'a cluster-scoped object as Knative writes it',
    given: { ...event, subject: '/apis/v1/namespaces//nodes/n1' },
    want: [{ ...pod, kind: 'node', namespace: '', names: ['n1'] }],
  },
  {
    name: 'a cluster-scoped object as the API server writes it',
    given: { ...event, subject: '/api/v1/nodes/n1' },
    want: [{ ...pod, kind: 'node', namespace: '', names: ['n1'] }],
  },
  {
    name: 'a Namespace as Knative writes it',
    given: { ...event, subject: '/apis/v1/namespaces//namespaces/shop' },
    want: [{ ...pod, kind: 'namespace', namespace: '', names: ['shop'] }],
  },
  {
    name: 'a Namespace as the API server writes it',
    given: { ...event, subject: '/api/v1/namespaces/shop' },
    want: [{ ...pod, kind: 'namespace', namespace: '', names: ['shop'] }],
  },
  { name: 'a system namespace', given: { ...event, subject: '/apis/v1/namespaces/kube-system/pods/dns' }, want: [] },
  { name: 'another type', given: { ...event, type: 'dev.knative.sources.ping', subject: undefined }, want: [] },
  {
    name: 'a type that only begins alike',
    given: { ...event, type: 'dev.knative.apiserver.resource.updated' },
    want: [],
  },
]

test.each(rows)('structured: $name', ({ given, want }) => {
  const { writes, unreadable } = readCloudEvents([given])
  expect(unreadable).toEqual([])
  expect(changesOf('rome', writes, triggers)).toEqual(want)
})

test.each(rows)('binary: $name', ({ given, want }) => {
  const { data, ...attributes } = given as typeof event
  const headers = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [`ce-${name}`, value])
  const { writes, unreadable } = readBinaryCloudEvent({ host: 'h', ...Object.fromEntries(headers) })
  expect(unreadable).toEqual([])
  expect(changesOf('rome', writes, triggers)).toEqual(want)
})

test('events of a batch that cannot be read are named and the others go on', () => {
  const subject = '/apis/v1/namespaces/shop'
  const { received, writes, unreadable } = readCloudEvents([
    { ...event, specversion: '0.3' },
    { ...event, subject },
    event,
  ])
  expect(received).toBe(3)
  expect(writes.map((write) => write.name)).toEqual(['shop', 'web-0'])
  expect(unreadable).toEqual(['[0].specversion: Invalid input: expected "1.0"'])
})

const subjects: { name: string; given: unknown }[] = [
  { name: 'absent', given: undefined },
  { name: 'empty', given: '' },
  { name: 'a collection', given: '/apis/v1/namespaces/shop/pods/' },
  { name: 'a subresource', given: '/apis/v1/namespaces/shop/pods/web-0/log' },
  { name: 'a namespace that is too long', given: `/apis/v1/namespaces/${'n'.repeat(64)}/pods/web-0` },
  { name: 'a name that is too long', given: `/apis/v1/namespaces/shop/pods/${'n'.repeat(254)}` },
]

test.each(subjects)('subject: $name', ({ given }) => {
  const message = '[0].subject: expected the path of an object, e.g. /apis/v1/namespaces/default/pods/foo'
  expect(readCloudEvents([{ ...event, subject: given }])).toEqual({ received: 1, writes: [], unreadable: [message] })
})

const plurals = [
  { given: 'pods', want: 'pods' },
  { given: 'ingresss', want: 'ingresses' },
  { given: 'ingresses', want: 'ingresses' },
  { given: 'storageclasss', want: 'storageclasses' },
  { given: 'networkpolicys', want: 'networkpolicies' },
  { given: 'networkpolicies', want: 'networkpolicies' },
  { given: 'gateways', want: 'gateways' },
  { given: 'endpointss', want: 'endpoints' },
  { given: 'endpoints', want: 'endpoints' },
  { given: 'endpointslices', want: 'endpointslices' },
]

test.each(plurals)('plural of $given', ({ given, want }) => {
  expect(pluralOf(given)).toBe(want)
})

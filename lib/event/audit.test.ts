import { expect, test } from 'vitest'
import { readAudit } from './audit.ts'
import type { ChangeEvent } from './change.ts'
import type { Trigger } from './triggers.ts'
import { changesOf } from './write.ts'

const triggers: Trigger[] = [
  { kind: 'configmap', group: '', plural: 'configmaps' },
  { kind: 'ingress', group: 'networking.k8s.io', plural: 'ingresses' },
  { kind: 'pod', group: '', plural: 'pods', subresources: ['status', 'eviction'] },
  { kind: 'namespace', group: '', plural: 'namespaces' },
]

/** As kube-apiserver 1.36 writes it at level Metadata, field for field. */
const event = {
  level: 'Metadata',
  auditID: '0a5c1f2e-8b2f-4d11-9f0e-3f2f3f5c7a10',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/shop/configmaps/cfg?fieldManager=kubectl-client-side-apply&fieldValidation=Strict',
  verb: 'patch',
  user: {
    username: 'kubernetes-admin',
    groups: ['kubeadm:cluster-admins', 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=8cd1'] },
  },
  sourceIPs: ['172.18.0.1'],
  userAgent: 'kubectl/v1.36.3 (linux/amd64) kubernetes/5a1c2d3',
  objectRef: { resource: 'configmaps', namespace: 'shop', name: 'cfg', apiVersion: 'v1' },
  responseStatus: { metadata: {}, code: 200 },
  requestReceivedTimestamp: '2026-11-23T14:07:11.123456Z',
  stageTimestamp: '2026-11-23T14:07:11.129876Z',
  annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
}

function ref(objectRef: object) {
  return { ...event, objectRef: { ...event.objectRef, ...objectRef } }
}

function changes(items: unknown[] | null): ChangeEvent[] {
  const list = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items } as const
  return changesOf('rome', readAudit(list).writes, triggers)
}

const cfg: ChangeEvent = { cluster: 'rome', kind: 'configmap', namespace: 'shop', names: ['cfg'] }
const ours = { ...event, userAgent: 'heliograph/0.1.0', user: { username: 'heliograph' } }

const rows: { name: string; given: unknown[] | null; want: ChangeEvent[] }[] = [
  { name: 'a patch', given: [event], want: [cfg] },
  { name: 'an update', given: [{ ...event, verb: 'update' }], want: [cfg] },
  { name: 'a delete', given: [{ ...event, verb: 'delete' }], want: [cfg] },
  { name: 'a create', given: [{ ...event, verb: 'create', responseStatus: { code: 201 } }], want: [cfg] },
  { name: 'an empty list', given: [], want: [] },
  { name: 'an empty list as Go may write it', given: null, want: [] },
  { name: 'a get', given: [{ ...event, verb: 'get' }], want: [] },
  { name: 'a list', given: [{ ...event, verb: 'list' }], want: [] },
  { name: 'a watch', given: [{ ...event, verb: 'watch' }], want: [] },
  { name: 'an earlier stage', given: [{ ...event, stage: 'RequestReceived' }], want: [] },
  { name: 'a failed request', given: [{ ...event, responseStatus: { code: 409 } }], want: [] },
  { name: 'a redirected request', given: [{ ...event, responseStatus: { code: 307 } }], want: [] },
  { name: 'without a status it may have succeeded', given: [{ ...event, responseStatus: undefined }], want: [cfg] },
  { name: 'a dry run', given: [{ ...event, requestURI: '/api/v1/namespaces/shop/configmaps?dryRun=All' }], want: [] },
  {
    name: 'a dry run further back',
    given: [{ ...event, requestURI: '/api/v1/namespaces/shop/configmaps?fieldManager=a&dryRun=All&force=true' }],
    want: [],
  },
  {
    name: 'a field manager that is called like a dry run',
    given: [{ ...event, requestURI: '/api/v1/namespaces/shop/configmaps?fieldManager=dryRun%3DAll' }],
    want: [cfg],
  },
  { name: 'no resource at all', given: [{ ...event, objectRef: undefined, requestURI: '/healthz' }], want: [] },
  { name: 'another resource', given: [ref({ resource: 'secrets' })], want: [] },
  {
    name: 'an API group',
    given: [ref({ resource: 'ingresses', apiGroup: 'networking.k8s.io' })],
    want: [{ ...cfg, kind: 'ingress' }],
  },
  { name: 'the same resource in the wrong group', given: [ref({ resource: 'ingresses' })], want: [] },
  {
    name: 'a subresource that counts',
    given: [ref({ resource: 'pods', name: 'web-0', subresource: 'status' })],
    want: [{ ...cfg, kind: 'pod', names: ['web-0'] }],
  },
  { name: 'one that does not', given: [ref({ resource: 'pods', name: 'web-0', subresource: 'exec' })], want: [] },
  {
    name: 'a deleted collection: the whole namespace',
    given: [{ ...ref({ name: undefined }), verb: 'deletecollection' }],
    want: [{ ...cfg, names: [] }],
  },
  {
    name: 'a create whose name the server makes up: the whole namespace',
    given: [{ ...ref({ resource: 'pods', name: undefined }), verb: 'create' }],
    want: [{ ...cfg, kind: 'pod', names: [] }],
  },
  { name: 'a system namespace', given: [ref({ namespace: 'kube-system' })], want: [] },
  {
    name: 'one that is only called alike',
    given: [ref({ namespace: 'kubeflow' })],
    want: [{ ...cfg, namespace: 'kubeflow' }],
  },
  {
    name: 'a Namespace, said to be in itself, is cluster-scoped',
    given: [ref({ resource: 'namespaces', namespace: 'shop', name: 'shop' })],
    want: [{ cluster: 'rome', kind: 'namespace', namespace: '', names: ['shop'] }],
  },
  {
    name: 'a new Namespace',
    given: [{ ...ref({ resource: 'namespaces', namespace: undefined, name: 'shop' }), verb: 'create' }],
    want: [{ cluster: 'rome', kind: 'namespace', namespace: '', names: ['shop'] }],
  },
  { name: 'our own write', given: [ours], want: [] },
  { name: "a user's write to what we wrote, in the same batch, after us", given: [ours, event], want: [cfg] },
  { name: "a user's write to what we wrote, in the same batch, before us", given: [event, ours], want: [cfg] },
  {
    name: 'a user with our credential',
    given: [{ ...ours, userAgent: 'kubectl/v1.36.3 (linux/amd64) kubernetes/5a1c2d3' }],
    want: [cfg],
  },
  { name: 'a user without an agent', given: [{ ...event, userAgent: undefined }], want: [cfg] },
  { name: 'an agent that only mentions us', given: [{ ...event, userAgent: 'curl heliograph/1' }], want: [cfg] },
  {
    name: 'level RequestResponse: the objects stay behind',
    given: [
      {
        ...event,
        level: 'RequestResponse',
        requestObject: {
          kind: 'ConfigMap',
          apiVersion: 'v1',
          metadata: { name: 'cfg' },
          data: { password: 'hunter2' },
        },
        responseObject: {
          kind: 'ConfigMap',
          apiVersion: 'v1',
          metadata: { name: 'cfg' },
          data: { password: 'hunter2' },
        },
      },
    ],
    want: [cfg],
  },
]

test.each(rows)('$name', ({ given, want }) => {
  expect(changes(given)).toEqual(want)
})

test('a poisoned item is named and the others go on', () => {
  const items = [event, { ...event, verb: 7 }, null, ref({ name: 'x'.repeat(254) }), ref({ name: 'other' })]
  const { received, writes, unreadable } = readAudit({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items })
  expect(received).toBe(5)
  expect(writes.map((write) => write.name)).toEqual(['cfg', 'other'])
  expect(unreadable).toEqual([
    'items[1].verb: Invalid input: expected string, received number',
    'items[2]: Invalid input: expected object, received null',
    'items[3].objectRef.name: Too big: expected string to have <=253 characters',
  ])
})

import { expect, test } from 'vitest'
import { allowed, readAdmission } from './admission.ts'
import type { ChangeEvent } from './change.ts'
import type { Trigger } from './triggers.ts'
import { changesOf } from './write.ts'

const triggers: Trigger[] = [
  { kind: 'pod', group: '', plural: 'pods', subresources: ['status'] },
  { kind: 'shadowpod', group: 'offloading.liqo.io', plural: 'shadowpods', own: [''] },
  { kind: 'namespace', group: '', plural: 'namespaces' },
]

const object = {
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'web-0', namespace: 'shop', uid: '5f2a', resourceVersion: '4711', labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'nginx', env: [{ name: 'PASSWORD', value: 'hunter2' }] }] },
}

/** As kube-apiserver 1.36 sends it to a validating webhook. */
const request = {
  uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
  kind: { group: '', version: 'v1', kind: 'Pod' },
  resource: { group: '', version: 'v1', resource: 'pods' },
  requestKind: { group: '', version: 'v1', kind: 'Pod' },
  requestResource: { group: '', version: 'v1', resource: 'pods' },
  name: 'web-0',
  namespace: 'shop',
  operation: 'UPDATE',
  userInfo: { username: 'admin', uid: '014fbff9a07c', groups: ['system:authenticated'] },
  object: { ...object, metadata: { ...object.metadata, resourceVersion: '4711' } },
  oldObject: object,
  options: { kind: 'UpdateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'kubectl-edit' },
  dryRun: false,
}
const create = { ...request, operation: 'CREATE', oldObject: null }
const ours = { kind: 'PatchOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'heliograph', force: true }

const pod: ChangeEvent = {
  cluster: 'rome',
  kind: 'pod',
  namespace: 'shop',
  names: ['web-0'],
  admitted: { operation: 'UPDATE', resourceVersion: '4711' },
}
const created: ChangeEvent = { ...pod, admitted: { operation: 'CREATE' } }
const deleted: ChangeEvent = { ...pod, admitted: { operation: 'DELETE', resourceVersion: '4711' } }
const shadow = { group: 'offloading.liqo.io', version: 'v1beta1', resource: 'shadowpods' }

const rows: { name: string; given: typeof request | object; want: ChangeEvent[] }[] = [
  { name: 'an update', given: request, want: [pod] },
  { name: 'a create', given: create, want: [created] },
  { name: 'a create without a name yet', given: { ...create, name: '' }, want: [{ ...created, names: [] }] },
  { name: 'the same, the field absent', given: { ...create, name: undefined }, want: [{ ...created, names: [] }] },
  { name: 'a delete', given: { ...request, operation: 'DELETE', object: null }, want: [deleted] },
  {
    name: 'a delete that only the old object names',
    given: { ...request, operation: 'DELETE', object: null, name: '', namespace: '' },
    want: [deleted],
  },
  { name: 'exec and the like', given: { ...request, operation: 'CONNECT', subResource: 'exec' }, want: [] },
  { name: 'a dry run', given: { ...request, dryRun: true }, want: [] },
  { name: 'no options', given: { ...request, options: null }, want: [pod] },
  { name: 'a subresource that counts', given: { ...request, subResource: 'status' }, want: [pod] },
  { name: 'one that does not', given: { ...request, subResource: 'ephemeralcontainers' }, want: [] },
  { name: 'a system namespace', given: { ...request, namespace: 'kube-system' }, want: [] },
  { name: 'our own write', given: { ...request, options: ours }, want: [] },
  {
    name: 'our own write where the kind wants it',
    given: { ...request, resource: shadow, options: ours },
    want: [{ ...pod, kind: 'shadowpod' }],
  },
  {
    name: 'a Namespace is cluster-scoped',
    given: { ...create, resource: { group: '', version: 'v1', resource: 'namespaces' }, name: 'shop' },
    want: [{ ...created, kind: 'namespace', namespace: '', names: ['shop'] }],
  },
]

function read(given: object) {
  return readAdmission({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: { uid: request.uid, ...given },
  })
}

test.each(rows)('$name', ({ given, want }) => {
  const { writes, unreadable } = read(given)
  expect(unreadable).toEqual([])
  expect(changesOf('rome', writes, triggers)).toEqual(want)
})

test('a request that cannot be read is named by its field', () => {
  expect(read({ ...request, operation: 'EVICT' })).toEqual({
    received: 1,
    writes: [],
    unreadable: ['request.operation: Invalid option: expected one of "CREATE"|"UPDATE"|"DELETE"|"CONNECT"'],
  })
})

test('the answer bears the uid of the request', () => {
  expect(allowed(request.uid)).toEqual({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: '705ab4f5-6393-11e8-b7cc-42010a800002', allowed: true },
  })
})

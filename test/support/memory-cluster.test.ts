import { describe, expect, test } from 'vitest'
import {
  ConflictError,
  ListBrokenError,
  NamespaceTerminatingError,
  UnreachableError,
} from '../../lib/cluster/errors.ts'
import type { Resource } from '../../lib/cluster/port.ts'
import { memoryCluster } from './memory-cluster.ts'

const NAMESPACE: Resource = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false }
const CONFIG_MAP: Resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true }
const POD: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true }

const map = (name: string, data = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'default', name },
  data,
})

describe('two clusters', () => {
  test('are told apart by the uid of kube-system, which is the same in every run', () => {
    const [rome, again, milan] = ['rome', 'rome', 'milan'].map((id) => memoryCluster({ id }))
    expect(rome?.uid).toBe(again?.uid)
    expect(rome?.uid).not.toBe(milan?.uid)
    expect(rome?.peek(NAMESPACE, { name: 'kube-system' })?.metadata.uid).toBe(rome?.uid)
  })
})

describe('faults', () => {
  const broken = new UnreachableError('rome', 'broken')

  test('instead of the call, after it, and on one client only', async () => {
    const cluster = memoryCluster({ id: 'rome' })
    const refused = cluster.connect(() => ({ error: broken }))
    await expect(refused.apply(CONFIG_MAP, map('a'))).rejects.toBe(broken)
    expect(cluster.changes).toEqual([])
    const lossy = cluster.connect((call) => (call.verb === 'apply' ? { error: broken, lost: true } : undefined))
    await expect(lossy.apply(CONFIG_MAP, map('a'))).rejects.toBe(broken)
    expect(await lossy.get(CONFIG_MAP, { namespace: 'default', name: 'a' })).toMatchObject({ data: {} })
    expect(await cluster.apply(CONFIG_MAP, map('b'))).toMatchObject({ kind: 'ConfigMap' })
  })

  test('an intercept can hold a call until something else has happened', async () => {
    const cluster = memoryCluster({ id: 'rome' })
    const gate = Promise.withResolvers<undefined>()
    const slow = cluster.connect(() => gate.promise)
    const write = slow.apply(CONFIG_MAP, { ...map('a'), metadata: { ...map('a').metadata, resourceVersion: '1' } })
    await cluster.apply(CONFIG_MAP, map('a'))
    gate.resolve(undefined)
    await expect(write).rejects.toBeInstanceOf(ConflictError)
  })

  test('a list breaks after some pages', async () => {
    const cluster = memoryCluster({ id: 'rome' })
    for (const name of ['a', 'b', 'c']) await cluster.apply(CONFIG_MAP, map(name))
    cluster.listBreaksAfterPages = 1
    const seen: number[] = []
    const read = async () => {
      for await (const page of cluster.list(CONFIG_MAP, { limit: 2 })) seen.push(page.length)
    }
    await expect(read()).rejects.toBeInstanceOf(ListBrokenError)
    expect(seen).toEqual([2])
  })
})

test('changes tell every write in order, with who made it', async () => {
  const cluster = memoryCluster({ id: 'rome' })
  const ref = { namespace: 'default', name: 'a' }
  const { uid } = (await cluster.apply(CONFIG_MAP, map('a', { k: '1' }))).metadata
  await cluster.apply(CONFIG_MAP, map('a', { k: '1' }))
  cluster.user.edit(CONFIG_MAP, ref, (object) => Object.assign(object, { data: { k: '2' } }))
  await cluster.delete(CONFIG_MAP, ref, { uid: uid!, resourceVersion: cluster.revision })
  const told = cluster.changes.map(({ verb, manager, before, after }) => [verb, manager, before?.data, after?.data])
  expect(told).toEqual([
    ['create', 'heliograph', undefined, { k: '1' }],
    ['update', 'user', { k: '1' }, { k: '2' }],
    ['delete', 'heliograph', { k: '2' }, undefined],
  ])
  const versions = cluster.changes.map(({ resourceVersion }) => Number(resourceVersion))
  expect(versions).toEqual(versions.toSorted((a, b) => a - b))
})

describe('a namespace', () => {
  test('stays terminating until it is finalized, which takes all that is in it along', async () => {
    const cluster = memoryCluster({ id: 'rome' })
    cluster.user.create(NAMESPACE, { metadata: { name: 'shop' } })
    const metadata = { namespace: 'shop', name: 'a', finalizers: ['x/y'] }
    cluster.user.create(CONFIG_MAP, { metadata })
    cluster.user.delete(NAMESPACE, { name: 'shop' })
    expect(cluster.peek(NAMESPACE, { name: 'shop' })).toMatchObject({ status: { phase: 'Terminating' } })
    expect(() => cluster.user.create(CONFIG_MAP, { metadata: { namespace: 'shop', name: 'b' } })).toThrow(
      NamespaceTerminatingError,
    )
    cluster.finalize('shop')
    expect(cluster.all(NAMESPACE).map((object) => object.metadata.name)).toEqual(['default', 'kube-system'])
    expect(cluster.all(CONFIG_MAP)).toEqual([])
    expect(() => cluster.finalize('default')).toThrow('not terminating')
  })

  test('is gone at once where asked so', () => {
    const cluster = memoryCluster({ id: 'rome', namespaceDeletion: 'immediate' })
    cluster.user.create(NAMESPACE, { metadata: { name: 'shop' } })
    cluster.user.delete(NAMESPACE, { name: 'shop' })
    expect(cluster.peek(NAMESPACE, { name: 'shop' })).toBeUndefined()
  })
})

test.each([
  { name: 'on a node', spec: { nodeName: 'n' }, status: { phase: 'Running' }, stays: true },
  { name: 'on no node', spec: {}, status: { phase: 'Pending' }, stays: false },
  { name: 'finished', spec: { nodeName: 'n' }, status: { phase: 'Succeeded' }, stays: false },
])('a deleted pod $name stays for its kubelet: $stays', ({ spec, status, stays }) => {
  const cluster = memoryCluster({ id: 'rome' })
  const ref = { namespace: 'default', name: 'p' }
  cluster.user.create(POD, { metadata: ref, spec })
  cluster.user.edit(POD, ref, (pod) => Object.assign(pod, { status }))
  expect(cluster.user.delete(POD, ref)).toBe(true)
  expect(cluster.peek(POD, ref)?.metadata.deletionTimestamp !== undefined).toBe(stays)
  expect(cluster.user.remove(POD, ref)).toBe(stays)
})

test('defaulting at creation: what we applied is still ours alone', async () => {
  const admit = (_: Resource, object: Record<string, unknown>) => ({
    ...object,
    data: { ...(object.data as object), d: '0' },
  })
  const cluster = memoryCluster({ id: 'rome', admit })
  expect(await cluster.apply(CONFIG_MAP, map('a', { k: '1' }))).toMatchObject({ data: { k: '1', d: '0' } })
  expect((await cluster.apply(CONFIG_MAP, map('a', {}))).data).toEqual({ d: '0' })
})

import { describe, expect, test } from 'vitest'
import { ForbiddenError, UnreachableError } from '../../lib/cluster/errors.ts'
import { CONFIGMAP, EVENT, NAMESPACE, NAMESPACE_OFFLOADING, SECRET } from '../../lib/cluster/resources.ts'
import { fill } from '../../lib/flows/namespace/fill.ts'
import { offloadNamespace } from '../../lib/flows/namespace/flow.ts'
import type { OffloadingStatus } from '../../lib/flows/namespace/status.ts'
import { memoryCluster } from '../support/memory-cluster.ts'
import { namesIn, offload, offloading, type TwoClusters, twoClusters } from '../support/two-clusters.ts'

const OFFLOADING = { namespace: 'shop', name: 'offloading' }

function statusOf({ rome }: TwoClusters): OffloadingStatus {
  return rome.peek(NAMESPACE_OFFLOADING, OFFLOADING)?.status as OffloadingStatus
}

describe('a namespace is offloaded', () => {
  test.each([
    { strategy: {}, name: 'shop-rome' },
    { strategy: { namespaceMappingStrategy: 'EnforceSameName' }, name: 'shop' },
    { strategy: { namespaceMappingStrategy: 'SelectedName', remoteNamespaceName: 'emporio' }, name: 'emporio' },
  ])('as $name', async ({ strategy, name }) => {
    const world = twoClusters()
    await offload(world, strategy)
    expect(world.milan.peek(NAMESPACE, { name })?.metadata).toMatchObject({
      labels: {
        'offloading.liqo.io/origin': 'rome',
        'offloading.liqo.io/destination': 'milan',
        'liqo.io/remote-cluster-id': 'rome',
        'heliograph.io/home-namespace': 'shop',
      },
      annotations: { 'liqo.io/original-name': 'shop', 'heliograph.io/source': 'shop/offloading' },
    })
    expect(statusOf(world)).toMatchObject({ offloadingPhase: 'Ready', remoteNamespaceName: name })
  })

  test('and filled with what the home namespace holds before it is called ready', async () => {
    const world = twoClusters()
    world.rome.user.create(CONFIGMAP, { metadata: { name: 'cfg', namespace: 'shop' }, data: { k: 'v' } })
    world.rome.user.create(SECRET, {
      metadata: { name: 'key', namespace: 'shop' },
      type: 'Opaque',
      data: { k: 'dg==' },
    })
    await offload(world)
    expect(namesIn(world.milan, 'shop-rome')).toEqual(['configmap/cfg', 'secret/key'])
    const ready = world.rome.changes.at(-1)
    expect(ready).toMatchObject({ resource: { plural: 'namespaceoffloadings' } })
  })

  test('a pass cut off while filling is taken up by the next', async () => {
    const world = twoClusters()
    world.rome.user.create(CONFIGMAP, { metadata: { name: 'cfg', namespace: 'shop' }, data: { k: 'v' } })
    const outage = () => ({ error: new UnreachableError('milan', 'connection refused') })
    const flaky = world.milan.connect((call) => (call.resource === CONFIGMAP ? outage() : undefined))
    await offload({ ...world, peering: { ...world.peering, remote: flaky } })
    expect(statusOf(world)).toMatchObject({ offloadingPhase: 'InProgress' })
    expect(namesIn(world.milan, 'shop-rome')).toEqual([])
    await offloadNamespace([world.peering], 'shop', fill)
    expect(statusOf(world)).toMatchObject({ offloadingPhase: 'Ready' })
    expect(namesIn(world.milan, 'shop-rome')).toEqual(['configmap/cfg'])
  })

  test('again with nothing changed: no write', async () => {
    const world = twoClusters()
    await offload(world)
    const before = [world.rome.changes.length, world.milan.changes.length]
    await offloadNamespace([world.peering], 'shop', fill)
    expect([world.rome.changes.length, world.milan.changes.length]).toEqual(before)
  })
})

describe('a namespace is not offloaded', () => {
  const row = (key: string, values: string[]) => ({
    clusterSelector: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values }] }] },
  })

  test('to a cluster that the selector leaves out', async () => {
    const world = twoClusters({ remoteLabels: { region: 'eu' } })
    await offload(world, row('region', ['us']))
    expect(world.milan.peek(NAMESPACE, { name: 'shop-rome' })).toBeUndefined()
    expect(statusOf(world)).toMatchObject({
      offloadingPhase: 'NoClusterSelected',
      remoteNamespacesConditions: { milan: [{ type: 'OffloadingRequired', status: 'False' }] },
    })
  })

  test('any more once the selector leaves the cluster out', async () => {
    const world = twoClusters({ remoteLabels: { region: 'eu' } })
    await offload(world, row('region', ['eu']))
    world.rome.user.edit(NAMESPACE_OFFLOADING, OFFLOADING, (object) => {
      object.spec = row('region', ['us'])
    })
    await offloadNamespace([world.peering], 'shop', fill)
    expect(world.milan.peek(NAMESPACE, { name: 'shop-rome' })?.metadata.deletionTimestamp).toBeDefined()
    expect(statusOf(world).offloadingPhase).toBe('NoClusterSelected')
  })

  test.each([
    {
      name: 'an operator that does not exist',
      spec: {
        clusterSelector: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Like', values: ['b'] }] }] },
      },
      why: /operator "Like" of "a" does not exist; use In/,
    },
    {
      name: 'a name over 63 characters',
      spec: { namespaceMappingStrategy: 'SelectedName', remoteNamespaceName: 'x'.repeat(64) },
      why: /has 64 characters, at most 63 are allowed; use namespaceMappingStrategy SelectedName/,
    },
    {
      name: 'SelectedName without a name',
      spec: { namespaceMappingStrategy: 'SelectedName' },
      why: /RemoteNamespaceName value cannot be empty/,
    },
  ])('with $name: told, and nothing removed', async ({ spec, why }) => {
    const world = twoClusters()
    await offload(world, spec)
    expect(statusOf(world).offloadingPhase).toBe('AllFailed')
    const [event] = world.rome.all(EVENT, 'shop')
    expect(event).toMatchObject({ type: 'Warning', reason: 'FailedReflection', message: expect.stringMatching(why) })
  })

  test('where the remote name belongs to somebody else', async () => {
    const world = twoClusters()
    world.milan.user.create(NAMESPACE, { metadata: { name: 'shop-rome', labels: { team: 'theirs' } } })
    const before = world.milan.changes.length
    await offload(world)
    expect(world.milan.changes).toHaveLength(before)
    expect(statusOf(world)).toMatchObject({
      offloadingPhase: 'AllFailed',
      remoteNamespacesConditions: {
        milan: [{}, { type: 'Ready', reason: 'CreationLoopBackOff', message: expect.stringContaining('is not ours') }],
      },
    })
  })

  test('where the remote cluster forbids it: told for good', async () => {
    const world = twoClusters()
    const error = new ForbiddenError('milan', 'may not patch namespaces')
    const remote = world.milan.connect((call) => (call.verb === 'apply' ? { error } : undefined))
    await offload({ ...world, peering: { ...world.peering, remote } })
    expect(statusOf(world).remoteNamespacesConditions.milan?.[1]).toMatchObject({ message: error.message })
  })
})

describe('a namespace is taken back', () => {
  test('with its NamespaceOffloading, in the cluster that proves to be the same', async () => {
    const world = twoClusters()
    await offload(world)
    world.rome.user.delete(NAMESPACE_OFFLOADING, OFFLOADING)
    await offloadNamespace([world.peering], 'shop', fill)
    expect(world.milan.peek(NAMESPACE, { name: 'shop-rome' })?.metadata.deletionTimestamp).toBeDefined()
  })

  test('but not when rome is another cluster by now', async () => {
    const world = twoClusters()
    await offload(world)
    const other = memoryCluster({ id: 'rome' })
    other.user.remove(NAMESPACE, { name: 'kube-system' })
    other.user.create(NAMESPACE, { metadata: { name: 'kube-system' } })
    const [served] = await offloadNamespace([{ ...world.peering, home: other }], 'shop', fill)
    expect(served?.outcome).toMatchObject({ verdict: 'refused', why: expect.stringContaining('kube-system uid') })
    expect(world.milan.peek(NAMESPACE, { name: 'shop-rome' })?.metadata.deletionTimestamp).toBeUndefined()
  })

  test('a namespace mapped anew leaves its former copy', async () => {
    const world = twoClusters()
    await offload(world)
    world.rome.user.delete(NAMESPACE_OFFLOADING, OFFLOADING)
    world.rome.user.create(NAMESPACE_OFFLOADING, offloading({ namespaceMappingStrategy: 'EnforceSameName' }))
    await offloadNamespace([world.peering], 'shop', fill)
    expect(world.milan.peek(NAMESPACE, { name: 'shop-rome' })?.metadata.deletionTimestamp).toBeDefined()
    expect(world.milan.peek(NAMESPACE, { name: 'shop' })?.metadata.labels).toMatchObject({
      'heliograph.io/home-namespace': 'shop',
    })
  })
})

test('two remotes: one status for both, an outage of one does not hold up the other', async () => {
  const world = twoClusters()
  const turin = memoryCluster({ id: 'turin' })
  const down = turin.connect(() => ({ error: new UnreachableError('turin', 'connection refused') }))
  const peerings = [world.peering, { ...world.peering, remote: down }]
  world.rome.user.create(NAMESPACE_OFFLOADING, offloading())
  const served = await offloadNamespace(peerings, 'shop', fill)
  expect(served.map(({ outcome }) => outcome.verdict)).toEqual(['created', 'failed'])
  expect(statusOf(world)).toMatchObject({ offloadingPhase: 'InProgress' })
  await offloadNamespace([world.peering, { ...world.peering, remote: turin }], 'shop', fill)
  expect(statusOf(world)).toMatchObject({ offloadingPhase: 'Ready' })
  expect(Object.keys(statusOf(world).remoteNamespacesConditions)).toEqual(['milan', 'turin'])
})

import { describe, expect, test } from 'vitest'
import { UnreachableError } from '../../lib/cluster/errors.ts'
import { CONFIGMAP, EVENT, NAMESPACE, NAMESPACE_OFFLOADING } from '../../lib/cluster/resources.ts'
import { type SweepOptions, sweep } from '../../lib/flows/sweep/flow.ts'
import { logger } from '../../lib/log.ts'
import { memoryCluster } from '../support/memory-cluster.ts'
import { namesIn, offload, offloading, type TwoClusters, twoClusters } from '../support/two-clusters.ts'

const cfg = (name: string, data: Record<string, string> = { k: 'v' }) => ({
  metadata: { name, namespace: 'shop' },
  data,
})

function run(world: TwoClusters, options: Partial<SweepOptions> = {}) {
  const log = logger('debug', (line) => void world.lines.push(JSON.parse(line)))
  return sweep([world.peering], { deleteBudget: 100, reportOnly: false, log, ...options })
}

async function offloaded(...names: string[]): Promise<TwoClusters> {
  const world = twoClusters()
  for (const name of names) world.rome.user.create(CONFIGMAP, cfg(name))
  await offload(world)
  return world
}

describe('a sweep', () => {
  test('finds nothing to do where all is equal, and writes nothing', async () => {
    const world = await offloaded('a', 'b')
    const before = [world.rome.changes.length, world.milan.changes.length]
    const summary = await run(world)
    expect(summary).toMatchObject({ listed: 4, equal: 3, created: 0, updated: 0, deleted: 0, failed: 0 })
    expect([world.rome.changes.length, world.milan.changes.length]).toEqual(before)
  })

  test('creates, updates, repairs drift and removes orphans', async () => {
    const world = await offloaded('changed', 'drifted', 'gone', 'lost')
    const at = (name: string) => ({ namespace: 'shop-rome', name })
    world.rome.user.create(CONFIGMAP, cfg('new'))
    world.rome.user.update(CONFIGMAP, cfg('changed', { k: 'w' }))
    world.rome.user.delete(CONFIGMAP, { namespace: 'shop', name: 'gone' })
    world.milan.user.edit(CONFIGMAP, at('drifted'), (object) => {
      object.data = { k: 'drift' }
    })
    world.milan.user.delete(CONFIGMAP, at('lost'))
    expect(await run(world)).toMatchObject({ created: 2, updated: 2, deleted: 1, failed: 0, refused: 0 })
    expect(namesIn(world.milan, 'shop-rome')).toEqual(
      ['changed', 'drifted', 'lost', 'new'].map((n) => `configmap/${n}`),
    )
    expect(world.milan.peek(CONFIGMAP, at('changed'))?.data).toEqual({ k: 'w' })
    expect(world.milan.peek(CONFIGMAP, at('drifted'))?.data).toEqual({ k: 'v' })
  })

  test('measures what events have missed: not what has changed just now, and not what its owner is told about', async () => {
    const world = await offloaded('changed', 'gone', 'blocked')
    const measured: unknown[] = []
    const { creationTimestamp = '' } = world.rome.peek(CONFIGMAP, { namespace: 'shop', name: 'gone' })?.metadata ?? {}
    const at = (minutes: number) => ({
      now: Date.parse(creationTimestamp) + minutes * 60_000,
      measure: (...all: unknown[]) => void measured.push(all),
    })
    world.rome.user.update(CONFIGMAP, cfg('changed', { k: 'w' }))
    await run(world, at(0))
    await run(world, at(10))
    world.rome.user.update(CONFIGMAP, cfg('changed', { k: 'x' }))
    world.rome.user.delete(CONFIGMAP, { namespace: 'shop', name: 'gone' })
    world.milan.user.edit(CONFIGMAP, { namespace: 'shop-rome', name: 'blocked' }, (object) => {
      delete object.metadata.labels
    })
    await run(world, { ...at(10), deleteBudget: 0 })
    await run(world, { ...at(20), deleteBudget: 0 })
    const want = [
      { DriftFound: 0, OldestUnsynced: 0 },
      { DriftFound: 0, OldestUnsynced: 0 },
      { DriftFound: 2, OldestUnsynced: 600 },
      { DriftFound: 1, OldestUnsynced: 1200 },
    ]
    expect(measured).toEqual(want.map((each) => ['rome:milan', each]))
  })

  test('measures nothing of a cluster that does not answer', async () => {
    const world = await offloaded('a')
    const down = world.milan.connect(() => ({ error: new UnreachableError('milan', 'connection refused') }))
    const measured: unknown[] = []
    const measure = (name: string) => void measured.push(name)
    await run({ ...world, peering: { ...world.peering, remote: down } }, { measure })
    expect(measured).toEqual([])
  })

  test('makes a namespace that no event told of, and what is in it', async () => {
    const world = twoClusters()
    world.rome.user.create(CONFIGMAP, cfg('a'))
    world.rome.user.create(NAMESPACE_OFFLOADING, { metadata: { name: 'offloading', namespace: 'shop' }, spec: {} })
    expect(await run(world)).toMatchObject({ created: 1, failed: 0 })
    expect(namesIn(world.milan, 'shop-rome')).toEqual(['configmap/a'])
  })

  test('removes the copy of a namespace that has another name elsewhere since, within the budget', async () => {
    const world = await offloaded('a')
    world.rome.user.delete(NAMESPACE_OFFLOADING, { namespace: 'shop', name: 'offloading' })
    world.rome.user.create(NAMESPACE_OFFLOADING, offloading({ namespaceMappingStrategy: 'EnforceSameName' }))
    const former = () => world.milan.peek(NAMESPACE, { name: 'shop-rome' })?.metadata
    await run(world, { deleteBudget: 1 })
    expect(former()).not.toHaveProperty('deletionTimestamp')
    expect(namesIn(world.milan, 'shop')).toContain('configmap/a')
    expect(await run(world)).toMatchObject({ deleted: 1, failed: 0 })
    expect(former()).toHaveProperty('deletionTimestamp')
    expect(namesIn(world.milan, 'shop')).toContain('configmap/a')
  })

  test('leaves an unmarked object alone and tells its owner', async () => {
    const world = await offloaded()
    const theirs = { metadata: { name: 'a', namespace: 'shop-rome' }, data: { theirs: 'yes' } }
    world.milan.user.create(CONFIGMAP, theirs)
    world.rome.user.create(CONFIGMAP, cfg('a'))
    expect(await run(world)).toMatchObject({ blocked: 1, created: 0, updated: 0 })
    expect(world.milan.peek(CONFIGMAP, theirs.metadata)?.data).toEqual({ theirs: 'yes' })
    expect(world.rome.all(EVENT, 'shop')).toMatchObject([{ type: 'Warning', reason: 'FailedReflection' }])
  })

  test('stops at the delete budget, and goes on when it is raised', async () => {
    const world = await offloaded('a', 'b', 'c')
    for (const name of ['a', 'b', 'c']) world.rome.user.delete(CONFIGMAP, { namespace: 'shop', name })
    expect(await run(world, { deleteBudget: 2 })).toMatchObject({ deleted: 0, refused: 3 })
    expect(namesIn(world.milan, 'shop-rome')).toHaveLength(3)
    expect(world.lines).toContainEqual(
      expect.objectContaining({ msg: 'delete budget exceeded, nothing deleted', deletions: 3, weight: 3, budget: 2 }),
    )
    expect(await run(world, { deleteBudget: 3 })).toMatchObject({ deleted: 3, refused: 0 })
  })

  test('weighs a namespace with all that is in it', async () => {
    const world = await offloaded('a', 'b', 'c')
    world.rome.user.delete(NAMESPACE_OFFLOADING, { namespace: 'shop', name: 'offloading' })
    expect(await run(world, { deleteBudget: 3 })).toMatchObject({ deleted: 0, refused: 1 })
    expect(world.milan.peek(NAMESPACE, { name: 'shop-rome' })?.metadata.deletionTimestamp).toBeUndefined()
    expect(await run(world, { deleteBudget: 4 })).toMatchObject({ deleted: 1, refused: 0 })
    expect(world.milan.peek(NAMESPACE, { name: 'shop-rome' })?.metadata.deletionTimestamp).toBeDefined()
  })

  test('weighs what is in a deleted namespace once, and deletes it with the namespace', async () => {
    const names = ['a', 'b', 'c']
    const world = await offloaded(...names)
    for (const name of names) world.rome.user.delete(CONFIGMAP, { namespace: 'shop', name })
    world.rome.user.delete(NAMESPACE_OFFLOADING, { namespace: 'shop', name: 'offloading' })
    const measured: unknown[] = []
    const measure = (...all: unknown[]) => void measured.push(all)
    expect(await run(world, { deleteBudget: 3 })).toMatchObject({ deleted: 0, refused: 1 })
    expect(world.lines).toContainEqual(expect.objectContaining({ deletions: 1, weight: 4, budget: 3 }))
    const before = world.milan.changes.length
    expect(await run(world, { deleteBudget: 4, measure })).toMatchObject({ deleted: 1, refused: 0, failed: 0 })
    expect(world.milan.peek(NAMESPACE, { name: 'shop-rome' })?.metadata.deletionTimestamp).toBeDefined()
    expect(world.milan.changes.length).toBe(before + 1)
    expect(measured).toMatchObject([['rome:milan', { DriftFound: 3 }]])
  })

  test('only reports when asked to', async () => {
    const world = await offloaded('a', 'gone')
    world.rome.user.create(CONFIGMAP, cfg('new'))
    world.rome.user.delete(CONFIGMAP, { namespace: 'shop', name: 'gone' })
    const before = [world.rome.changes.length, world.milan.changes.length]
    expect(await run(world, { reportOnly: true })).toMatchObject({ created: 1, deleted: 1, equal: 2 })
    expect([world.rome.changes.length, world.milan.changes.length]).toEqual(before)
  })

  test.each(['home', 'remote'] as const)('deletes nothing after a list of %s that breaks off', async (side) => {
    const names = Array.from({ length: 1_200 }, (_, index) => `cfg-${String(index).padStart(4, '0')}`)
    const world = await offloaded(...names)
    const broken = (side === 'home' ? world.rome : world.milan).connect()
    broken.listBreaksAfterPages = 1
    world.rome.user.delete(CONFIGMAP, { namespace: 'shop', name: 'cfg-0000' })
    const summary = await run({ ...world, peering: { ...world.peering, [side]: broken } })
    expect(summary).toMatchObject({ deleted: 0, failed: 1, curable: 1 })
    expect(namesIn(world.milan, 'shop-rome')).toHaveLength(1_200)
  })

  test('deletes nothing when home is another cluster under the same name', async () => {
    const world = await offloaded('a')
    const other = memoryCluster({ id: 'rome' })
    other.user.remove(NAMESPACE, { name: 'kube-system' })
    other.user.create(NAMESPACE, { metadata: { name: 'kube-system' } })
    const summary = await run({ ...world, peering: { ...world.peering, home: other } })
    expect(summary).toMatchObject({ deleted: 0 })
    expect(summary.refused).toBeGreaterThan(0)
    expect(namesIn(world.milan, 'shop-rome')).toEqual(['configmap/a'])
  })

  test('serves the rest when one cluster is out of reach', async () => {
    const world = await offloaded('a')
    const turin = memoryCluster({ id: 'turin' })
    const down = turin.connect(() => ({ error: new UnreachableError('turin', 'connection refused') }))
    world.rome.user.create(CONFIGMAP, cfg('b'))
    const log = logger('silent')
    const peerings = [{ ...world.peering, remote: down }, world.peering]
    const summary = await sweep(peerings, { deleteBudget: 100, reportOnly: false, log })
    expect(summary).toMatchObject({ created: 1 })
    expect(summary.curable).toBeGreaterThan(0)
    expect(namesIn(world.milan, 'shop-rome')).toEqual(['configmap/a', 'configmap/b'])
  })

  test('spends no time on a cluster that does not answer', async () => {
    const world = await offloaded('a')
    let asked = 0
    const down = world.rome.connect(() => {
      asked++
      return { error: new UnreachableError('rome', 'time-out') }
    })
    const turin = memoryCluster({ id: 'turin' })
    const home = turin.connect(() => undefined)
    const peerings = [
      { ...world.peering, home: down },
      { ...world.peering, home },
    ]
    const summary = await sweep(peerings, { deleteBudget: 100, reportOnly: false, log: logger('silent') })
    expect(summary.curable).toBeGreaterThan(0)
    expect(namesIn(world.milan, 'shop-rome')).toEqual(['configmap/a'])
    // Four for its patience, and as many that were under way.
    expect(asked).toBeLessThanOrEqual(8)
  })

  test('reflects the root CA under its own name, and finds it again', async () => {
    const world = await offloaded('kube-root-ca.crt', 'zz')
    expect(namesIn(world.milan, 'shop-rome')).toEqual(['configmap/kube-root-ca.crt.rome', 'configmap/zz'])
    expect(await run(world)).toMatchObject({ equal: 3, created: 0, deleted: 0 })
    world.rome.user.delete(CONFIGMAP, { namespace: 'shop', name: 'kube-root-ca.crt' })
    expect(await run(world)).toMatchObject({ deleted: 1 })
    expect(namesIn(world.milan, 'shop-rome')).toEqual(['configmap/zz'])
  })
})

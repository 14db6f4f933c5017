import { describe, expect, test } from 'vitest'
import { ForbiddenError, InvalidError, UnreachableError } from '../../lib/cluster/errors.ts'
import { CONFIGMAP, EVENT, NAMESPACE, NAMESPACE_OFFLOADING } from '../../lib/cluster/resources.ts'
import type { ChangeEvent } from '../../lib/event/change.ts'
import { configmap } from '../../lib/kinds/configmap/kind.ts'
import { dispatch, ReflectionError } from '../../lib/reflect/dispatch.ts'
import { namesIn, offload, type TwoClusters, twoClusters } from '../support/two-clusters.ts'

const change = (names: string[], more: Partial<ChangeEvent> = {}): ChangeEvent => ({
  cluster: 'rome',
  kind: 'configmap',
  namespace: 'shop',
  names,
  ...more,
})

const cfg = (name: string, more: object = {}) => ({ metadata: { name, namespace: 'shop', ...more }, data: { k: 'v' } })

async function offloaded(): Promise<TwoClusters> {
  const world = twoClusters()
  await offload(world)
  return world
}

describe('an event', () => {
  test('from home: each of its names is reflected', async () => {
    const world = await offloaded()
    world.rome.user.create(CONFIGMAP, cfg('a'))
    world.rome.user.create(CONFIGMAP, cfg('b'))
    await dispatch(configmap, [world.peering], change(['a', 'b', 'never']))
    expect(namesIn(world.milan, 'shop-rome')).toEqual(['configmap/a', 'configmap/b'])
    const verdicts = world.lines.map(({ key, verdict }) => `${key} ${verdict}`).toSorted()
    expect(verdicts).toEqual(['rome/shop/a created', 'rome/shop/b created', 'rome/shop/never absent'])
  })

  test('from the remote cluster: drift is repaired, a renamed target found', async () => {
    const world = await offloaded()
    for (const name of ['a', 'kube-root-ca.crt']) world.rome.user.create(CONFIGMAP, cfg(name))
    await dispatch(configmap, [world.peering], change(['a', 'kube-root-ca.crt']))
    for (const name of ['a', 'kube-root-ca.crt.rome'])
      world.milan.user.delete(CONFIGMAP, { namespace: 'shop-rome', name })
    const event = change(['a', 'kube-root-ca.crt.rome'], { cluster: 'milan', namespace: 'shop-rome' })
    await dispatch(configmap, [world.peering], event)
    expect(namesIn(world.milan, 'shop-rome')).toEqual(['configmap/a', 'configmap/kube-root-ca.crt.rome'])
  })

  test('from a remote namespace that is nobody’s: one read, nothing else', async () => {
    const world = await offloaded()
    world.milan.user.create(NAMESPACE, { metadata: { name: 'theirs' } })
    const calls: string[] = []
    const remote = world.milan.connect(({ verb, resource }) => void calls.push(`${verb} ${resource.plural}`))
    await dispatch(configmap, [{ ...world.peering, remote }], change(['x'], { cluster: 'milan', namespace: 'theirs' }))
    expect(calls).toEqual(['get namespaces'])
  })

  describe('from home, while the remote cluster gives no answer', () => {
    const down = ({ milan }: TwoClusters) =>
      milan.connect(() => ({ error: new UnreachableError('milan', 'connect timed out') }))
    const served = (world: TwoClusters, home = world.peering.home) =>
      dispatch(configmap, [{ ...world.peering, home, remote: down(world) }], change(['a']))

    test('and a namespace is not offloaded: nothing, and no redelivery', async () => {
      const world = twoClusters()
      await served(world)
      expect(world.lines).toMatchObject([{ verdict: 'unmapped' }])
    })

    test('and it is: it is tried again', async () => {
      await expect(served(await offloaded())).rejects.toThrow(ReflectionError)
    })

    test('and home does not tell: it is tried again', async () => {
      const world = twoClusters()
      const home = world.rome.connect(({ resource }) =>
        resource === NAMESPACE_OFFLOADING
          ? { error: new ForbiddenError('rome', 'get namespaceoffloadings') }
          : undefined,
      )
      await expect(served(world, home)).rejects.toThrow('connect timed out')
    })
  })

  test('from a namespace that is not offloaded: nothing', async () => {
    const world = twoClusters()
    world.rome.user.create(CONFIGMAP, cfg('a'))
    await dispatch(configmap, [world.peering], change(['a']))
    expect(world.milan.changes).toEqual([])
  })

  test('without names: whatever differs in the namespace', async () => {
    const world = await offloaded()
    for (const name of ['a', 'b']) world.rome.user.create(CONFIGMAP, cfg(name))
    await dispatch(configmap, [world.peering], change([]))
    expect(namesIn(world.milan, 'shop-rome')).toEqual(['configmap/a', 'configmap/b'])
    for (const name of ['a', 'b']) world.rome.user.delete(CONFIGMAP, { namespace: 'shop', name })
    await dispatch(configmap, [world.peering], change([]))
    expect(namesIn(world.milan, 'shop-rome')).toEqual([])
  })

  test('of an admission: the change is waited for', async () => {
    const world = await offloaded()
    const event = change(['late'], { admitted: { operation: 'CREATE' } })
    let looks = 0
    const home = world.rome.connect(({ resource }) => {
      if (resource === CONFIGMAP && ++looks === 3) world.rome.user.create(CONFIGMAP, cfg('late'))
      return undefined
    })
    await dispatch(configmap, [{ ...world.peering, home }], event)
    expect(namesIn(world.milan, 'shop-rome')).toEqual(['configmap/late'])
  })

  test('costs 14 requests for create, update and delete with a warm function', async () => {
    const world = await offloaded()
    const calls: string[] = []
    const note = ({ verb, resource }: { verb: string; resource: { plural: string } }) =>
      void calls.push(`${verb} ${resource.plural}`)
    const peering = { ...world.peering, home: world.rome.connect(note), remote: world.milan.connect(note) }
    await dispatch(configmap, [peering], change(['warm-up']))
    calls.length = 0
    world.rome.user.create(CONFIGMAP, cfg('a'))
    await dispatch(configmap, [peering], change(['a']))
    world.rome.user.update(CONFIGMAP, { ...cfg('a'), data: { k: 'w' } })
    await dispatch(configmap, [peering], change(['a']))
    world.rome.user.delete(CONFIGMAP, { namespace: 'shop', name: 'a' })
    await dispatch(configmap, [peering], change(['a']))
    expect(calls).toEqual([
      ...['get configmaps', 'get namespaces', 'get configmaps', 'apply configmaps', 'get configmaps'],
      ...['get configmaps', 'get namespaces', 'get configmaps', 'apply configmaps', 'get configmaps'],
      ...['get configmaps', 'get namespaces', 'get configmaps', 'get namespaces', 'delete configmaps'],
    ])
  })
})

describe('a failure', () => {
  test('that may pass is thrown for redelivery, after the other keys were served', async () => {
    const world = await offloaded()
    for (const name of ['a', 'b']) world.rome.user.create(CONFIGMAP, cfg(name))
    const error = new UnreachableError('milan', 'connection reset')
    const remote = world.milan.connect((call) => (call.name === 'a' ? { error } : undefined))
    const delivery = dispatch(configmap, [{ ...world.peering, remote }], change(['a', 'b']))
    await expect(delivery).rejects.toThrow(ReflectionError)
    await expect(delivery).rejects.toThrow('configmap: 1 to try again: rome/shop/a: cluster milan: connection reset')
    expect(namesIn(world.milan, 'shop-rome')).toEqual(['configmap/b'])
    expect(world.rome.all(EVENT)).toEqual([])
  })

  test('for good is told by a Warning and not thrown', async () => {
    const world = await offloaded()
    world.rome.user.create(CONFIGMAP, cfg('a'))
    const error = new InvalidError('milan', 'data: Too long')
    const remote = world.milan.connect((call) => (call.verb === 'apply' ? { error } : undefined))
    await dispatch(configmap, [{ ...world.peering, remote }], change(['a']))
    expect(world.rome.all(EVENT, 'shop')).toMatchObject([
      { type: 'Warning', message: 'Error reflecting object to cluster "milan": cluster milan: data: Too long' },
    ])
  })
})

describe('the annotations', () => {
  test('skip removes the copy, its removal brings it back', async () => {
    const world = await offloaded()
    world.rome.user.create(CONFIGMAP, cfg('a'))
    await dispatch(configmap, [world.peering], change(['a']))
    world.rome.user.update(CONFIGMAP, cfg('a', { annotations: { 'liqo.io/skip-reflection': 'true' } }))
    await dispatch(configmap, [world.peering], change(['a']))
    expect(namesIn(world.milan, 'shop-rome')).toEqual([])
    expect(world.rome.all(EVENT, 'shop')).toMatchObject([{ type: 'Normal', reason: 'ReflectionDisabled' }])
    world.rome.user.update(CONFIGMAP, cfg('a'))
    await dispatch(configmap, [world.peering], change(['a']))
    expect(namesIn(world.milan, 'shop-rome')).toEqual(['configmap/a'])
  })

  test('allow is needed under an AllowList', async () => {
    const world = twoClusters({ reflection: { configmap: 'AllowList' } })
    await offload(world)
    world.rome.user.create(CONFIGMAP, cfg('a'))
    world.rome.user.create(CONFIGMAP, cfg('b', { annotations: { 'liqo.io/allow-reflection': 'true' } }))
    await dispatch(configmap, [world.peering], change(['a', 'b']))
    expect(namesIn(world.milan, 'shop-rome')).toEqual(['configmap/b'])
  })
})

describe('a copy without a stamp', () => {
  const at = { namespace: 'shop-rome', name: 'a' }

  async function unstamped(): Promise<TwoClusters> {
    const world = await offloaded()
    world.rome.user.create(CONFIGMAP, cfg('a'))
    await dispatch(configmap, [world.peering], change(['a']))
    world.milan.user.edit(CONFIGMAP, at, ({ metadata }) => {
      delete metadata.annotations
    })
    world.rome.user.delete(CONFIGMAP, { namespace: 'shop', name: 'a' })
    return world
  }

  test('goes with its source where the namespace proves the cluster', async () => {
    const world = await unstamped()
    await dispatch(configmap, [world.peering], change(['a']))
    expect(world.milan.peek(CONFIGMAP, at)).toBeUndefined()
  })

  test('stays where nothing does', async () => {
    const world = await unstamped()
    world.milan.user.edit(NAMESPACE, { name: 'shop-rome' }, ({ metadata }) => {
      delete metadata.annotations
    })
    await dispatch(configmap, [world.peering], change(['a']))
    expect(world.milan.peek(CONFIGMAP, at)).toBeDefined()
    expect(world.lines).toContainEqual(expect.objectContaining({ verdict: 'refused' }))
  })
})

test('a source recreated with what is immutable in its copy: the copy is made anew', async () => {
  const world = await offloaded()
  const at = { namespace: 'shop-rome', name: 'a' }
  const immutable = (data: object) => ({ ...cfg('a'), data, immutable: true })
  world.rome.user.create(CONFIGMAP, immutable({ k: 'v' }))
  await dispatch(configmap, [world.peering], change(['a']))
  const before = world.milan.peek(CONFIGMAP, at)?.metadata.uid
  world.rome.user.delete(CONFIGMAP, { namespace: 'shop', name: 'a' })
  world.rome.user.create(CONFIGMAP, immutable({ k: 'w' }))
  await dispatch(configmap, [world.peering], change(['a']))
  expect(world.milan.peek(CONFIGMAP, at)).toMatchObject({ data: { k: 'w' } })
  expect(world.milan.peek(CONFIGMAP, at)?.metadata.uid).not.toBe(before)
})

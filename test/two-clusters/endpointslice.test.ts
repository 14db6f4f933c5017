import { describe, expect, test } from 'vitest'
import { UnreachableError } from '../../lib/cluster/errors.ts'
import type { KubeObject } from '../../lib/cluster/port.ts'
import { ENDPOINT_SLICE, EVENT, NAMESPACE, NODE, SERVICE } from '../../lib/cluster/resources.ts'
import type { ChangeEvent } from '../../lib/event/change.ts'
import { triggersOf } from '../../lib/event/triggers.ts'
import { changesOf } from '../../lib/event/write.ts'
import { sweep } from '../../lib/flows/sweep/flow.ts'
import { endpointslice } from '../../lib/kinds/endpointslice/kind.ts'
import { KINDS } from '../../lib/kinds/index.ts'
import type { Networks } from '../../lib/kinds/kind.ts'
import { logger } from '../../lib/log.ts'
import { dispatch } from '../../lib/reflect/dispatch.ts'
import type { Call } from '../support/memory-cluster.ts'
import { networks, planned } from '../support/networks.ts'
import { offload, type TwoClusters, twoClusters } from '../support/two-clusters.ts'

const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
const SKIP = { 'liqo.io/skip-reflection': 'true' }
const flat = networks({ internal: false })
const opaque = networks({ internal: false, reflectIPs: false })

const service = (name: string, annotations: Record<string, string> = {}) => ({
  metadata: { name, namespace: 'shop', annotations },
  spec: { type: 'ClusterIP' },
})

function slice(name: string, addresses: string[], nodeName?: string, of = 'web') {
  const labels = { 'kubernetes.io/service-name': of, [MANAGED_BY]: 'endpointslice-controller.k8s.io' }
  const endpoints = addresses.map((address) => ({ addresses: [address], ...(nodeName && { nodeName }) }))
  return { metadata: { name, namespace: 'shop', labels }, addressType: 'IPv4', ports: [{ port: 80 }], endpoints }
}

async function offloaded(between: Networks = flat): Promise<TwoClusters> {
  const world = twoClusters({ networks: between })
  world.rome.user.create(NODE, { metadata: { name: 'worker', labels: { a: 'b' } } })
  world.rome.user.create(NODE, { metadata: { name: 'liqo-milan', labels: { 'liqo.io/remote-cluster-id': 'milan' } } })
  await offload(world)
  return world
}

const change = (names: string[], more: Partial<ChangeEvent> = {}): ChangeEvent => ({
  cluster: 'rome',
  kind: 'endpointslice',
  namespace: 'shop',
  names,
  ...more,
})

const woken = (world: TwoClusters, names: string[], more: Partial<ChangeEvent> = {}) =>
  dispatch(endpointslice, [world.peering], change(names, more))

function run(world: TwoClusters, peering: Partial<TwoClusters['peering']> = {}, deleteBudget = 100) {
  return sweep([{ ...world.peering, ...peering }], { deleteBudget, reportOnly: false, log: logger('silent') })
}

/** Addresses of each copy, by its name. */
function copies({ milan }: TwoClusters): Record<string, string[]> {
  const ours = milan.all(ENDPOINT_SLICE, 'shop-rome').filter(({ metadata }) => !metadata.name.startsWith('native'))
  return Object.fromEntries(ours.map((one) => [one.metadata.name, addressesOf(one)]))
}

function addressesOf({ endpoints }: KubeObject): string[] {
  return (endpoints as { addresses: string[] }[]).flatMap(({ addresses }) => addresses)
}

describe('a slice', () => {
  test('is reflected without what milan has already, follows its source and goes with it', async () => {
    const world = await offloaded()
    world.rome.user.create(ENDPOINT_SLICE, slice('web-1', ['10.1.0.1', '10.1.0.2'], 'worker'))
    world.rome.user.create(ENDPOINT_SLICE, slice('web-2', ['10.9.0.1'], 'liqo-milan'))
    await woken(world, ['web-1', 'web-2'])
    expect(copies(world)).toEqual({ 'web-1': ['10.1.0.1', '10.1.0.2'], 'web-2': [] })
    world.rome.user.update(ENDPOINT_SLICE, slice('web-1', ['10.1.0.2'], 'worker'))
    world.rome.user.delete(ENDPOINT_SLICE, { namespace: 'shop', name: 'web-2' })
    await woken(world, ['web-1', 'web-2'])
    expect(copies(world)).toEqual({ 'web-1': ['10.1.0.2'] })
  })

  test('made by milan’s own controller stays, although it bears the marks of its Service', async () => {
    const world = await offloaded()
    const labels = { 'offloading.liqo.io/origin': 'rome', 'offloading.liqo.io/destination': 'milan' }
    const native = {
      ...slice('native-x', ['10.9.0.1']),
      metadata: { name: 'native-x', namespace: 'shop-rome', labels },
    }
    world.milan.user.create(ENDPOINT_SLICE, native)
    expect(await run(world)).toMatchObject({ listed: 0, deleted: 0, failed: 0 })
    await woken(world, ['native-x'], { cluster: 'milan', namespace: 'shop-rome' })
    world.rome.user.create(ENDPOINT_SLICE, slice('native-x', ['10.1.0.1']))
    await woken(world, ['native-x'])
    expect(world.milan.peek(ENDPOINT_SLICE, native.metadata)?.endpoints).toEqual(native.endpoints)
    expect(world.rome.all(EVENT, 'shop')).toMatchObject([{ reason: 'FailedReflection', type: 'Warning' }])
  })

  test('with an address that may not go over: the rest is reflected, and its owner told once a change', async () => {
    const world = await offloaded()
    const messages = () => world.rome.all(EVENT, 'shop').map(({ message }) => String(message))
    world.rome.user.create(ENDPOINT_SLICE, slice('web-1', ['10.1.0.1', '127.0.0.1']))
    await woken(world, ['web-1'])
    expect(copies(world)).toEqual({ 'web-1': ['10.1.0.1'] })
    const told =
      'Error reflecting object to cluster "milan": 1 address withheld: 127.0.0.1 of rome may not go over: loopback'
    expect(messages()).toEqual([told])
    const { length } = world.rome.changes
    await woken(world, ['web-1'])
    expect(world.rome.changes).toHaveLength(length)
    // What is reflected stays the same; what is withheld does not.
    world.rome.user.update(ENDPOINT_SLICE, slice('web-1', ['10.1.0.1', '127.0.0.1', '224.0.0.1']))
    await woken(world, ['web-1'])
    expect(messages()).toHaveLength(2)
    expect(messages().some((message) => message.includes('224.0.0.1 of rome may not go over: multicast'))).toBe(true)
  })
})

describe('its Service', () => {
  test('wakes the slices that bear its name, and no others', async () => {
    const world = await offloaded()
    world.rome.user.create(SERVICE, service('web'))
    for (const name of ['web-1', 'web-2']) world.rome.user.create(ENDPOINT_SLICE, slice(name, ['10.1.0.1']))
    world.rome.user.create(ENDPOINT_SLICE, slice('db-1', ['10.1.0.9'], undefined, 'db'))
    const write = { group: '', plural: 'services', subresource: '', namespace: 'shop', name: 'web', own: false }
    const changes = changesOf('rome', [write], triggersOf(KINDS)).filter(({ kind }) => kind === 'endpointslice')
    expect(changes).toEqual([change(['web'], { of: 'service' })])
    await dispatch(endpointslice, [world.peering], changes[0]!)
    expect(Object.keys(copies(world))).toEqual(['web-1', 'web-2'])
    world.rome.user.update(SERVICE, service('web', SKIP))
    await dispatch(endpointslice, [world.peering], changes[0]!)
    expect(copies(world)).toEqual({})
    world.rome.user.update(SERVICE, service('web'))
    await dispatch(endpointslice, [world.peering], changes[0]!)
    expect(Object.keys(copies(world))).toEqual(['web-1', 'web-2'])
  })

  test('of the remote cluster, or a query that is not known: nothing', async () => {
    const world = await offloaded()
    world.rome.user.create(ENDPOINT_SLICE, slice('web-1', ['10.1.0.1']))
    await woken(world, ['web'], { of: 'service', cluster: 'milan', namespace: 'shop-rome' })
    await woken(world, ['web'], { of: 'ofALaterVersion' })
    await woken(world, ['worker'], { of: 'nodes', namespace: '' })
    expect(copies(world)).toEqual({})
  })

  test('of an admission is waited for', async () => {
    const world = await offloaded()
    world.rome.user.create(SERVICE, service('web'))
    world.rome.user.create(ENDPOINT_SLICE, slice('web-1', ['10.1.0.1']))
    await woken(world, ['web-1'])
    const { resourceVersion = '' } = world.rome.peek(SERVICE, { namespace: 'shop', name: 'web' })!.metadata
    let looks = 0
    const home = world.rome.connect(({ resource }) => {
      if (resource === SERVICE && ++looks === 3) world.rome.user.update(SERVICE, service('web', SKIP))
      return undefined
    })
    const event = change(['web'], { of: 'service', admitted: { operation: 'UPDATE', resourceVersion } })
    await dispatch(endpointslice, [{ ...world.peering, home }], event)
    expect(copies(world)).toEqual({})
  })

  test('changed while its slice is being reflected: seen by the second look', async () => {
    const world = await offloaded()
    world.rome.user.create(SERVICE, service('web'))
    world.rome.user.create(ENDPOINT_SLICE, slice('web-1', ['10.1.0.1']))
    const remote = world.milan.connect(({ verb, resource }) => {
      if (verb === 'apply' && resource === ENDPOINT_SLICE) world.rome.user.update(SERVICE, service('web', SKIP))
      return undefined
    })
    await dispatch(endpointslice, [{ ...world.peering, remote }], change(['web-1']))
    expect(copies(world)).toEqual({})
  })
})

describe('a sweep', () => {
  test('takes all addresses back when reflectIPs is false, whatever the budget, and brings them back', async () => {
    const world = await offloaded()
    for (const name of ['web-1', 'web-2', 'web-3']) world.rome.user.create(ENDPOINT_SLICE, slice(name, ['10.1.0.1']))
    world.rome.user.create(SERVICE, service('web'))
    world.rome.user.create(SERVICE, service('gone'))
    expect(await run(world)).toMatchObject({ created: 5 })
    world.rome.user.delete(SERVICE, { namespace: 'shop', name: 'gone' })
    expect(await run(world, { networks: opaque }, 0)).toMatchObject({ deleted: 3, refused: 1, failed: 0 })
    expect(copies(world)).toEqual({})
    expect(world.milan.all(SERVICE, 'shop-rome')).toHaveLength(2)
    expect(await run(world, { networks: opaque }, 0)).toMatchObject({ created: 0, deleted: 0, skipped: 3 })
    expect(await run(world)).toMatchObject({ created: 3 })
  })

  test('translates anew when internal changes', async () => {
    const world = await offloaded()
    world.rome.user.create(ENDPOINT_SLICE, slice('web-1', ['10.1.0.1']))
    await run(world)
    const seenAs = { podCIDRs: ['10.91.0.0/16'], externalCIDRs: [] }
    const remapped = networks({}, { home: planned('rome', {}, { podCIDRs: ['10.1.0.0/16'], seenAs }) })
    expect(await run(world, { networks: remapped })).toMatchObject({ updated: 1 })
    expect(copies(world)).toEqual({ 'web-1': ['10.91.0.1'] })
    expect(await run(world)).toMatchObject({ updated: 1 })
    expect(copies(world)).toEqual({ 'web-1': ['10.1.0.1'] })
  })

  test('says that the sides set a flag differently, each time', async () => {
    const world = await offloaded(networks({}, { remote: planned('milan', { internal: false }) }))
    const log = logger('debug', (line) => void world.lines.push(JSON.parse(line)))
    await sweep([world.peering], { deleteBudget: 0, reportOnly: false, log })
    const line = { level: 'warn', msg: 'flags differ', peering: 'rome:milan', flag: 'internal' }
    expect(world.lines).toContainEqual(expect.objectContaining(line))
  })

  test('sees that a node has come to stand for milan', async () => {
    const world = await offloaded()
    world.rome.user.create(ENDPOINT_SLICE, slice('web-1', ['10.1.0.1'], 'worker'))
    await run(world)
    world.rome.user.update(NODE, { metadata: { name: 'worker', labels: { 'liqo.io/remote-cluster-id': 'milan' } } })
    expect(await run(world)).toMatchObject({ updated: 1 })
    expect(copies(world)).toEqual({ 'web-1': [] })
  })

  test('reads no object on its own: one list of Services a namespace, one of nodes in all', async () => {
    const world = await offloaded()
    world.rome.user.create(NAMESPACE, { metadata: { name: 'shop-2' } })
    const labels = { ...world.milan.peek(NAMESPACE, { name: 'shop-rome' })!.metadata.labels }
    const copy = { name: 'shop-2-rome', labels: { ...labels, 'heliograph.io/home-namespace': 'shop-2' } }
    for (let index = 0; index < 20; index++) {
      const of = `web-${index}`
      world.rome.user.create(SERVICE, service(of))
      world.rome.user.create(ENDPOINT_SLICE, slice(`${of}-x`, ['10.1.0.1'], 'worker', of))
    }
    await run(world)
    world.milan.user.create(NAMESPACE, { metadata: copy })
    const other = slice('other-x', ['10.1.0.1'], 'worker')
    world.rome.user.create(ENDPOINT_SLICE, { ...other, metadata: { ...other.metadata, namespace: 'shop-2' } })
    const calls: string[] = []
    const note = ({ verb, resource, namespace }: Call) => void calls.push(`${verb} ${resource.plural} ${namespace}`)
    await sweep([{ ...world.peering, home: world.rome.connect(note) }], {
      deleteBudget: 0,
      reportOnly: true,
      log: logger('silent'),
    })
    expect(calls.filter((call) => /^get (services|nodes|endpointslices)/.test(call))).toEqual([])
    // One for the slices, one for the pods that were sent in vain.
    expect(calls.filter((call) => call.startsWith('list nodes'))).toHaveLength(2)
    // One as the source of Services, one for the slices.
    expect(calls.filter((call) => call === 'list services shop')).toHaveLength(2)
  })

  test.each([SERVICE, NODE, ENDPOINT_SLICE])('that cannot read $plural of home changes no slice', async (resource) => {
    const world = await offloaded()
    world.rome.user.create(ENDPOINT_SLICE, slice('web-1', ['10.1.0.1'], 'worker'))
    await run(world)
    const before = world.milan.peek(ENDPOINT_SLICE, { namespace: 'shop-rome', name: 'web-1' })
    world.rome.user.delete(ENDPOINT_SLICE, { namespace: 'shop', name: 'web-1' })
    world.rome.user.create(ENDPOINT_SLICE, slice('web-2', ['10.1.0.1'], 'worker'))
    const error = new UnreachableError('rome', 'connection refused')
    const home = world.rome.connect((call) => (call.resource === resource ? { error } : undefined))
    const summary = await run(world, { home })
    expect(summary.failed).toBeGreaterThan(0)
    expect(summary).toMatchObject({ created: 0, updated: 0, deleted: 0 })
    expect(world.milan.peek(ENDPOINT_SLICE, { namespace: 'shop-rome', name: 'web-1' })).toEqual(before)
  })
})

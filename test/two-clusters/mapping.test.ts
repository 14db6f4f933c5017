import { describe, expect, test } from 'vitest'
import { ForbiddenError, KindMissingError, UnreachableError } from '../../lib/cluster/errors.ts'
import {
  ENDPOINT_MAPPING,
  ENDPOINT_SLICE,
  EVENT,
  IPAM_STORAGE,
  NAMESPACE,
  TUNNEL_ENDPOINT,
} from '../../lib/cluster/resources.ts'
import { marked, newMapping, RELEASING } from '../../lib/flows/mapping/mapping.ts'
import { sweep } from '../../lib/flows/sweep/flow.ts'
import type { Peering } from '../../lib/reflect/peering.ts'
import { copiesIn, internal, mappingsIn, negotiated, slice, wakeSlices } from '../support/mappings.ts'
import type { Call, Fault } from '../support/memory-cluster.ts'
import { networks, planned } from '../support/networks.ts'
import { offload, type TwoClusters, twoClusters } from '../support/two-clusters.ts'

function run({ peering }: TwoClusters, change: Partial<Peering> = {}) {
  return sweep([{ ...peering, ...change }], { deleteBudget: 100, reportOnly: false, log: peering.log })
}

const create = ({ rome }: TwoClusters, name: string, ...addresses: string[]) =>
  rome.user.create(ENDPOINT_SLICE, slice(name, addresses))
const update = ({ rome }: TwoClusters, name: string, ...addresses: string[]) =>
  rome.user.update(ENDPOINT_SLICE, slice(name, addresses))
const remove = ({ rome }: TwoClusters, name: string) => rome.user.delete(ENDPOINT_SLICE, { namespace: 'shop', name })

function warnings({ rome }: TwoClusters): string[] {
  return rome.all(EVENT, 'shop').map(({ message }) => String(message))
}

/** The peering with what its function asks of rome written down, and answered with faults where told. */
function watched(world: TwoClusters, fault: (call: Call) => Fault | undefined = () => undefined) {
  const calls: string[] = []
  const home = world.rome.connect((call) => {
    calls.push(`${call.verb} ${call.resource.plural}`)
    return fault(call)
  })
  return { calls, peering: { ...world.peering, home } }
}

describe('an endpoint outside the pod CIDR', () => {
  test('has the lowest free external address after one event; pods have their other name', async () => {
    const world = await negotiated()
    create(world, 'web-1', '10.244.3.9', '10.96.0.1', '192.0.2.50')
    await wakeSlices(world.peering, 'web-1')
    expect(copiesIn(world)).toEqual({ 'web-1': ['10.246.3.9', '10.247.0.2', '10.247.0.3'] })
    expect(mappingsIn(world)).toEqual({ '10.245.0.2': '10.96.0.1', '10.245.0.3': '192.0.2.50' })
    expect(world.rome.all(ENDPOINT_MAPPING)[0]).toMatchObject({
      metadata: {
        name: 'milan.10-245-0-2',
        labels: { clusterID: 'milan', 'app.kubernetes.io/managed-by': 'heliograph' },
      },
      spec: { clusterID: 'milan', original: '10.96.0.1', external: '10.245.0.2' },
    })
    expect(warnings(world)).toEqual([])
  })

  test('but in another pod CIDR than the first, which alone is negotiated, has one too', async () => {
    const world = await negotiated({}, ['10.244.0.0/16', '10.100.0.0/16'])
    create(world, 'web-1', '10.100.3.4')
    await wakeSlices(world.peering, 'web-1')
    expect(mappingsIn(world)).toEqual({ '10.245.0.2': '10.100.3.4' })
    expect(copiesIn(world)).toEqual({ 'web-1': ['10.247.0.2'] })
    await run(world)
    expect(mappingsIn(world)).toEqual({ '10.245.0.2': '10.100.3.4' })
    expect(warnings(world)).toEqual([])
  })

  test('is the same for all slices, and its address free when the last of them lets go', async () => {
    const world = await negotiated()
    create(world, 'web-1', '10.96.0.1', '10.96.0.2')
    create(world, 'web-2', '10.96.0.1')
    await wakeSlices(world.peering, 'web-1', 'web-2')
    expect(copiesIn(world)['web-2']).toEqual([copiesIn(world)['web-1']?.[0]])
    update(world, 'web-1', '10.96.0.2')
    await wakeSlices(world.peering, 'web-1')
    expect(Object.values(mappingsIn(world)).toSorted()).toEqual(['10.96.0.1', '10.96.0.2'])
    remove(world, 'web-2')
    await wakeSlices(world.peering, 'web-2')
    expect(Object.values(mappingsIn(world))).toEqual(['10.96.0.2'])
    remove(world, 'web-1')
    await wakeSlices(world.peering, 'web-1')
    expect(mappingsIn(world)).toEqual({})
  })

  test('has none when its slice is no longer reflected', async () => {
    const world = await negotiated()
    create(world, 'web-1', '10.96.0.1')
    await wakeSlices(world.peering, 'web-1')
    world.rome.user.update(ENDPOINT_SLICE, slice('web-1', ['10.96.0.1'], { 'liqo.io/skip-reflection': 'true' }))
    await wakeSlices(world.peering, 'web-1')
    expect([copiesIn(world), mappingsIn(world)]).toEqual([{}, {}])
  })

  test('has none when all slices of a namespace went at once', async () => {
    const world = await negotiated()
    for (const name of ['web-1', 'web-2']) create(world, name, '10.96.0.1')
    await wakeSlices(world.peering, 'web-1', 'web-2')
    for (const name of ['web-1', 'web-2']) remove(world, name)
    await wakeSlices(world.peering)
    expect([copiesIn(world), mappingsIn(world)]).toEqual([{}, {}])
  })

  test('of IPv6 is withheld with the reason, as are addresses that mean something special', async () => {
    const world = await negotiated()
    create(world, 'web-1', 'fd00:10::9')
    create(world, 'web-2', '169.254.169.254')
    await wakeSlices(world.peering, 'web-1', 'web-2')
    expect(copiesIn(world)).toEqual({ 'web-1': [], 'web-2': [] })
    expect(mappingsIn(world)).toEqual({})
    expect(warnings(world).toSorted()).toEqual([
      expect.stringContaining('169.254.169.254 of rome may not go over: metadata'),
      expect.stringContaining('fd00:10::9 of rome stays there: the network between rome and milan carries no IPv6'),
    ])
  })

  test('waits where all external addresses are in use: told, and the others go on; the sweep gives it the next free one', async () => {
    const world = await negotiated({ localExternalCIDR: '10.245.0.0/30', localNATExternalCIDR: 'None' })
    create(world, 'web-1', '10.96.0.1')
    create(world, 'web-2', '10.244.3.9', '10.96.0.2')
    await wakeSlices(world.peering, 'web-1')
    await wakeSlices(world.peering, 'web-2')
    expect(copiesIn(world)).toEqual({ 'web-1': ['10.245.0.2'], 'web-2': ['10.246.3.9'] })
    expect(warnings(world)).toEqual([
      expect.stringContaining(
        '10.96.0.2 has no address in 10.245.0.0/30, the external CIDR of rome, as all are in use for milan: show fewer such endpoints, or set a larger CLUSTER_ROME_EXTERNAL_CIDR',
      ),
    ])
    const { length } = world.rome.changes
    await run(world)
    expect(world.rome.changes).toHaveLength(length)
    remove(world, 'web-1')
    await wakeSlices(world.peering, 'web-1')
    expect(await run(world)).toMatchObject({ updated: 1 })
    expect(copiesIn(world)).toEqual({ 'web-2': ['10.246.3.9', '10.245.0.2'] })
  })

  test('has its mapping kept by whoever made it', async () => {
    const world = await negotiated()
    const { metadata, ...byHand } = newMapping('milan', '192.0.2.50', '10.245.0.9')
    world.rome.user.create(ENDPOINT_MAPPING, {
      ...byHand,
      metadata: { name: metadata.name, labels: { clusterID: 'milan' } },
    })
    create(world, 'web-1', '192.0.2.50')
    await wakeSlices(world.peering, 'web-1')
    expect(copiesIn(world)).toEqual({ 'web-1': ['10.247.0.9'] })
    remove(world, 'web-1')
    await wakeSlices(world.peering, 'web-1')
    await run(world)
    expect(mappingsIn(world)).toEqual({ '10.245.0.9': '192.0.2.50' })
  })

  test('that cannot be given an address for want of rights: its owner is told', async () => {
    const world = await negotiated()
    create(world, 'web-1', '10.96.0.1')
    const { peering } = watched(world, ({ verb, resource }) =>
      verb === 'apply' && resource === ENDPOINT_MAPPING
        ? { error: new ForbiddenError('rome', 'endpointmappings is forbidden') }
        : undefined,
    )
    await wakeSlices(peering, 'web-1')
    expect(copiesIn(world)).toEqual({})
    expect(warnings(world)).toEqual([expect.stringContaining('endpointmappings is forbidden')])
  })
})

describe('what is not needed is not read', () => {
  test.each([
    { name: 'another network joins the clusters', between: networks({ internal: false }) },
    { name: 'no address is reflected', between: networks({ reflectIPs: false }) },
    { name: 'the sides differ', between: networks({}, { remote: planned('milan', { internal: false }) }) },
  ])('where $name, nothing of the internal network', async ({ between }) => {
    const world = twoClusters({ networks: between })
    await offload(world)
    create(world, 'web-1', '10.244.3.9', '10.96.0.1')
    const { calls, peering } = watched(world)
    await wakeSlices(peering, 'web-1')
    remove(world, 'web-1')
    await wakeSlices(peering, 'web-1')
    expect(calls.filter((call) => /tunnelendpoints|endpointmappings/.test(call))).toEqual([])
  })

  test('of pods alone, no mapping', async () => {
    const world = await negotiated()
    const { calls, peering } = watched(world)
    create(world, 'web-1', '10.244.3.9')
    await wakeSlices(peering, 'web-1')
    update(world, 'web-1', '10.244.3.8')
    await wakeSlices(peering, 'web-1')
    remove(world, 'web-1')
    await wakeSlices(peering, 'web-1')
    expect(copiesIn(world)).toEqual({})
    expect(calls.filter((call) => call.endsWith('endpointmappings'))).toEqual([])
  })
})

describe('a sweep', () => {
  test('frees what nothing uses, and takes marks of functions that died off what is used', async () => {
    const world = await negotiated()
    create(world, 'web-1', '10.96.0.1')
    await wakeSlices(world.peering, 'web-1')
    for (const [original, external] of [
      ['10.96.0.7', '10.245.0.3'],
      ['10.96.0.8', '10.245.0.4'],
    ] as const) {
      await world.rome.apply(ENDPOINT_MAPPING, newMapping('milan', original, external))
    }
    for (const name of ['milan.10-245-0-2', 'milan.10-245-0-3']) {
      const object = await world.rome.get(ENDPOINT_MAPPING, { name })
      await world.rome.apply(ENDPOINT_MAPPING, marked(object!, true))
    }
    const summary = await run(world)
    expect(summary).toMatchObject({ deleted: 2, failed: 0 })
    expect(mappingsIn(world)).toEqual({ '10.245.0.2': '10.96.0.1' })
    expect(world.rome.all(ENDPOINT_MAPPING)[0]?.metadata.annotations).toEqual({ [RELEASING]: 'false' })
    expect(copiesIn(world)).toEqual({ 'web-1': ['10.247.0.2'] })
  })

  test('leaves the lowest of two mappings for one address, when no copy shows the other any more', async () => {
    const world = await negotiated()
    await world.rome.apply(ENDPOINT_MAPPING, newMapping('milan', '10.96.0.1', '10.245.0.3'))
    create(world, 'web-1', '10.96.0.1')
    await wakeSlices(world.peering, 'web-1')
    await world.rome.apply(ENDPOINT_MAPPING, newMapping('milan', '10.96.0.1', '10.245.0.2'))
    expect(copiesIn(world)).toEqual({ 'web-1': ['10.247.0.3'] })
    expect(await run(world)).toMatchObject({ updated: 1, deleted: 1 })
    expect([copiesIn(world), mappingsIn(world)]).toEqual([{ 'web-1': ['10.247.0.2'] }, { '10.245.0.2': '10.96.0.1' }])
  })

  test('frees nothing in a cluster that is not the one it is taken for', async () => {
    const world = await negotiated()
    await world.rome.apply(ENDPOINT_MAPPING, newMapping('milan', '10.96.0.7', '10.245.0.3'))
    const labels = { 'app.kubernetes.io/managed-by': 'heliograph' }
    const annotations = { 'heliograph.io/cluster': 'turin' }
    world.rome.user.create(IPAM_STORAGE, { metadata: { name: 'ipamstorage-heliograph', labels, annotations } })
    expect(await run(world)).toMatchObject({ deleted: 0, failed: 1 })
    expect(mappingsIn(world)).toEqual({ '10.245.0.3': '10.96.0.7' })
  })

  test('keeps what a copy shows whose deletion the budget forbids', async () => {
    const world = await negotiated()
    create(world, 'web-1', '10.96.0.1')
    await wakeSlices(world.peering, 'web-1')
    remove(world, 'web-1')
    await sweep([world.peering], { deleteBudget: 0, reportOnly: false, log: world.peering.log })
    expect([copiesIn(world), mappingsIn(world)]).toEqual([{ 'web-1': ['10.247.0.2'] }, { '10.245.0.2': '10.96.0.1' }])
    await run(world)
    expect([copiesIn(world), mappingsIn(world)]).toEqual([{}, {}])
  })

  test('frees what a namespace had that is no longer offloaded', async () => {
    const world = await negotiated()
    create(world, 'web-1', '10.96.0.1')
    await wakeSlices(world.peering, 'web-1')
    world.milan.user.delete(NAMESPACE, { name: 'shop-rome' })
    world.milan.finalize('shop-rome')
    world.rome.user.delete(
      { ...ENDPOINT_SLICE, group: 'offloading.liqo.io', version: 'v1beta1', plural: 'namespaceoffloadings' },
      { namespace: 'shop', name: 'offloading' },
    )
    await run(world)
    expect(mappingsIn(world)).toEqual({})
  })

  test('makes anew what somebody deleted', async () => {
    const world = await negotiated()
    create(world, 'web-1', '10.96.0.1')
    await wakeSlices(world.peering, 'web-1')
    world.rome.user.delete(ENDPOINT_MAPPING, { name: 'milan.10-245-0-2' })
    await run(world)
    expect([copiesIn(world), mappingsIn(world)]).toEqual([{ 'web-1': ['10.247.0.2'] }, { '10.245.0.2': '10.96.0.1' }])
  })

  test('gives addresses of another external CIDR where that has changed', async () => {
    const world = await negotiated()
    create(world, 'web-1', '10.96.0.1')
    await wakeSlices(world.peering, 'web-1')
    world.rome.user.edit(TUNNEL_ENDPOINT, { namespace: 'heliograph', name: 'milan' }, ({ spec }) => {
      Object.assign(spec as object, { localExternalCIDR: '10.99.0.0/16', localNATExternalCIDR: 'None' })
    })
    await run(world)
    expect([copiesIn(world), mappingsIn(world)]).toEqual([{ 'web-1': ['10.99.0.2'] }, { '10.99.0.2': '10.96.0.1' }])
  })

  test('frees none where the names are not agreed on, or a list is missing', async () => {
    const world = await negotiated()
    create(world, 'web-1', '10.96.0.1')
    await wakeSlices(world.peering, 'web-1')
    const before = mappingsIn(world)
    const error = new UnreachableError('milan', 'connection refused')
    remove(world, 'web-1')
    const remote = world.milan.connect(({ resource }) => (resource === ENDPOINT_SLICE ? { error } : undefined))
    expect((await run(world, { remote })).failed).toBeGreaterThan(0)
    world.rome.user.delete(TUNNEL_ENDPOINT, { namespace: 'heliograph', name: 'milan' })
    await run(world)
    expect(mappingsIn(world)).toEqual(before)
  })

  test.each([{ internal: false }, { reflectIPs: false }])('frees all of them with %o', async (flags) => {
    const world = await negotiated()
    create(world, 'web-1', '10.96.0.1')
    await wakeSlices(world.peering, 'web-1')
    expect(await run(world, { networks: networks(flags) })).toMatchObject({ failed: 0 })
    expect(mappingsIn(world)).toEqual({})
    await run(world)
    expect([copiesIn(world), mappingsIn(world)]).toEqual([{ 'web-1': ['10.247.0.2'] }, { '10.245.0.2': '10.96.0.1' }])
  })

  test('needs no custom resource where nothing is negotiated', async () => {
    const world = twoClusters({ networks: networks({ internal: false }) })
    await offload(world)
    create(world, 'web-1', '10.244.3.9')
    const error = new KindMissingError('rome', 'the API server does not serve it')
    const { peering } = watched(world, ({ resource }) => (resource.group === 'net.liqo.io' ? { error } : undefined))
    expect(await run({ ...world, peering })).toMatchObject({ created: 1, failed: 0 })
  })
})

test('the configured CIDR may be left out: what was negotiated counts', async () => {
  const world = await negotiated()
  create(world, 'web-1', '10.244.3.9', '10.96.0.1')
  await wakeSlices({ ...world.peering, networks: internal([]) }, 'web-1')
  expect(copiesIn(world)).toEqual({ 'web-1': ['10.246.3.9', '10.247.0.2'] })
})

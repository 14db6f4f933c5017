import { beforeEach, describe, expect, test } from 'vitest'
import {
  type ClusterError,
  ConflictError,
  ThrottledError,
  UnauthorizedError,
  UnreachableError,
} from '../../lib/cluster/errors.ts'
import type { Cluster, KubeObject } from '../../lib/cluster/port.ts'
import { ENDPOINT_SLICE, LEASE, NAMESPACE, TUNNEL_ENDPOINT } from '../../lib/cluster/resources.ts'
import { followHome } from '../../lib/flows/reachability/flow.ts'
import { DIGEST } from '../../lib/reflect/stamp.ts'
import { negotiated, slice, wakeSlices } from '../support/mappings.ts'
import type { Intercept } from '../support/memory-cluster.ts'
import { networks } from '../support/networks.ts'
import { offload, type TwoClusters, twoClusters } from '../support/two-clusters.ts'

/** What milan makes of rome's endpoints while rome, or the tunnel to it, is out of reach. */
const LEASE_REF = { namespace: 'kube-node-lease', name: 'heliograph-rome' }
const MINUTE = 60_000
let world: TwoClusters
let clock: number

beforeEach(async () => {
  world = twoClusters({ networks: networks({ internal: false }) })
  await begin()
})

async function begin(): Promise<void> {
  clock = Date.parse('2026-01-01T00:00:00Z')
  if (!world.milan.peek(NAMESPACE, { name: 'kube-node-lease' }))
    world.milan.user.create(NAMESPACE, { metadata: { name: 'kube-node-lease' } })
  if (!world.milan.peek(NAMESPACE, { name: 'shop-rome' })) await offload(world)
  for (const name of ['web-1', 'web-2'])
    world.rome.user.create(ENDPOINT_SLICE, slice(name, ['10.244.0.1', '10.244.0.2']))
  await wakeSlices(world.peering, 'web-1', 'web-2')
  await look()
}

/** The function looks, a minute after it has last looked. */
async function look(home: Cluster = world.rome, remote: Cluster = world.milan) {
  clock += MINUTE
  return followHome({ ...world.peering, home, remote }, clock)
}

const failing = (error: ClusterError) => world.rome.connect(() => ({ error }))
const away = () => failing(new UnreachableError('rome', 'connection refused'))
const copy = (name = 'web-1') => world.milan.peek(ENDPOINT_SLICE, { namespace: 'shop-rome', name }) as KubeObject
const readiness = (name?: string) =>
  (copy(name).endpoints as { conditions: { ready?: boolean } }[]).map(({ conditions }) => conditions.ready)
const lease = () =>
  world.milan.peek(LEASE, LEASE_REF) as KubeObject & { spec: { holderIdentity?: string; renewTime: string } }
const READY = [undefined, undefined]
const NOT_READY = [false, false]

test('a home in reach has its Lease renewed, and nothing else is written', async () => {
  const before = copy()
  expect(await look()).toEqual({ verdict: 'renewed', writes: 1 })
  expect(lease()).toMatchObject({
    metadata: { labels: { 'offloading.liqo.io/origin': 'rome', 'offloading.liqo.io/destination': 'milan' } },
    spec: { holderIdentity: 'rome', renewTime: '2026-01-01T00:02:00.000000Z' },
  })
  expect(copy()).toEqual(before)
})

test('one that is out of reach for a moment keeps its endpoints', async () => {
  const before = copy()
  expect(await look(away())).toEqual({ verdict: 'waiting', writes: 0, why: 'cluster rome: connection refused' })
  expect(await look()).toEqual({ verdict: 'renewed', writes: 1 })
  expect(copy()).toEqual(before)
})

describe('one that stays out of reach', () => {
  beforeEach(async () => void (await look(away())))

  test('has none of its endpoints ready, and all as they were once it is back', async () => {
    const before = copy()
    expect(await look(away())).toMatchObject({ verdict: 'withdrawn', writes: 3 })
    expect([readiness('web-1'), readiness('web-2')]).toEqual([NOT_READY, NOT_READY])
    expect(lease().spec.holderIdentity).toBeUndefined()
    // Nothing but the conditions has changed, and what tells that the copy is not as forged.
    const { annotations } = before.metadata
    expect(copy()).toMatchObject({
      ports: before.ports,
      metadata: { annotations: { ...annotations, [DIGEST]: 'withdrawn' } },
    })
    expect(await look(away())).toMatchObject({ verdict: 'withdrawn', writes: 0 })

    expect(await look()).toMatchObject({ verdict: 'restored', writes: 3 })
    expect([readiness('web-1'), readiness('web-2')]).toEqual([READY, READY])
    expect(copy()).toMatchObject({ metadata: { annotations }, endpoints: before.endpoints })
    expect(await look()).toMatchObject({ verdict: 'renewed', writes: 1 })
  })

  test('and leaves endpoints of milan and of others alone', async () => {
    const marks = { 'offloading.liqo.io/origin': 'rome', 'offloading.liqo.io/destination': 'milan' }
    const own = { ...slice('own', ['10.20.0.1']), metadata: { name: 'own', namespace: 'shop-rome', labels: marks } }
    const before = world.milan.user.create(ENDPOINT_SLICE, own)
    await look(away())
    expect(copy('own')).toEqual(before)
  })

  test('of a copy that changes meanwhile, who changed it knows more', async () => {
    const busy: Intercept = ({ verb, resource }) =>
      verb === 'apply' && resource === ENDPOINT_SLICE ? { error: new ConflictError('milan', 'modified') } : undefined
    expect(await look(away(), world.milan.connect(busy))).toMatchObject({ verdict: 'withdrawn', writes: 1 })
    expect(await look(away())).toMatchObject({ verdict: 'withdrawn', writes: 2 })
  })

  test('a slice that rome can be read for is ready at once', async () => {
    await look(away())
    await wakeSlices(world.peering, 'web-1')
    expect([readiness('web-1'), readiness('web-2')]).toEqual([READY, NOT_READY])
  })

  test('what cannot be restored is tried again, and the Lease stays as it was', async () => {
    await look(away())
    const { renewTime } = lease().spec
    const error = new UnreachableError('milan', 'reset')
    const broken = world.milan.connect(({ verb, resource }) =>
      verb === 'apply' && resource === ENDPOINT_SLICE ? { error } : undefined,
    )
    await look(world.rome, broken)
    expect(lease().spec).toMatchObject({ renewTime, holderIdentity: 'rome' })
    expect(await look()).toMatchObject({ verdict: 'restored', writes: 2 })
    expect(readiness()).toEqual(READY)
  })
})

test.each([
  new UnauthorizedError('rome', 'the credential is refused'),
  new ThrottledError('rome', 'too many requests', 1),
])('that $name is no outage', async (error) => {
  await expect(look(failing(error))).rejects.toBe(error)
  await expect(look(failing(error))).rejects.toBe(error)
  expect(readiness()).toEqual(READY)
})

test('where no address is reflected, nothing is read or written', async () => {
  const peering = { ...world.peering, networks: networks({ reflectIPs: false }) }
  const calls: string[] = []
  const remote = world.milan.connect(({ verb }) => void calls.push(verb))
  expect(await followHome({ ...peering, remote }, clock)).toEqual({ verdict: 'unused', writes: 0 })
  expect(calls).toEqual([])
})

describe('with the internal network', () => {
  const tunnelIs = (status: string) =>
    world.rome.user.edit(TUNNEL_ENDPOINT, { namespace: 'heliograph', name: 'milan' }, (endpoint) => {
      endpoint.status = { connection: { status } }
    })

  beforeEach(async () => {
    world = await negotiated()
    tunnelIs('Connected')
    await begin()
  })

  test('a tunnel that is down makes endpoints unready, also those of slices that change then', async () => {
    tunnelIs('Error')
    expect(await look()).toMatchObject({ verdict: 'waiting' })
    expect(await look()).toMatchObject({ verdict: 'withdrawn', writes: 3, why: 'The tunnel to cluster milan is Error' })
    world.rome.user.create(ENDPOINT_SLICE, slice('web-3', ['10.244.0.3', '10.244.0.4']))
    await wakeSlices(world.peering, 'web-3', 'web-1')
    expect(['web-1', 'web-2', 'web-3'].map(readiness)).toEqual([NOT_READY, NOT_READY, NOT_READY])
    tunnelIs('Connected')
    expect(await look()).toMatchObject({ verdict: 'restored' })
    expect(['web-1', 'web-2', 'web-3'].map(readiness)).toEqual([READY, READY, READY])
  })
})

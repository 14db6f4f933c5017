import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { ConflictError, UnreachableError } from '../../lib/cluster/errors.ts'
import { IPAM_STORAGE, NETWORK_CONFIG, SYSTEM_NAMESPACE, TUNNEL_ENDPOINT } from '../../lib/cluster/resources.ts'
import { readState } from '../../lib/flows/network/ipam-storage.ts'
import { IPAM_NAME } from '../../lib/flows/network/names.ts'
import { everything, serveNetwork } from '../../lib/flows/network/serve.ts'
import { clusterOf } from '../../lib/policy/network-state.ts'
import { effectiveCIDR, tunnelCIDRs } from '../../lib/policy/tunnel.ts'
import type { Call, Change, Fault } from '../support/memory-cluster.ts'
import {
  connectGateway,
  join,
  type MemoryNetwork,
  type MemoryNetworkCluster,
  networkCluster,
  networkOf,
  pass,
  stateOf,
} from '../support/network-world.ts'

// A busy machine takes seconds for what is done some hundred times.
vi.setConfig({ testTimeout: 60_000 })

const IDS = ['rome', 'milan', 'turin', 'oslo']
const fresh = (count: number) => networkOf(...IDS.slice(0, count).map((id) => networkCluster(id)))
const states = (world: MemoryNetwork) => world.clusters.map(stateOf)

type Meet = (cluster: string, call: Call) => undefined | Fault | Promise<undefined | Fault>

/** The same clusters, through clients that meet this before every call. */
const through = (world: MemoryNetwork, meet: Meet): MemoryNetwork => ({
  ...world,
  clusters: world.clusters.map((cluster) => ({
    ...cluster,
    api: cluster.api.connect((call) => meet(cluster.id, call)),
  })),
})

const isWrite = ({ verb }: Call) => verb === 'apply' || verb === 'delete'

/** A pass whose function ends with the n-th write: done, or its answer lost. @returns whether it came that far */
async function cutOff(world: MemoryNetwork, write: number, lost: boolean): Promise<boolean> {
  let [writes, isDead] = [0, false]
  const dead = (id: string) => ({ error: new UnreachableError(id, 'the function has ended') })
  const cut = through(world, (id, call) => {
    if (isDead) return dead(id)
    if (!isWrite(call) || ++writes < write) return undefined
    isDead = true
    return { ...dead(id), lost }
  })
  await pass(cut).catch((error) => {
    if (!(error instanceof UnreachableError)) throw error
  })
  return isDead
}

/** One pair after the other: at the same time, who is first has the first name. */
async function joinInOrder(world: MemoryNetwork): Promise<void> {
  await pass(world)
  for (const cluster of world.clusters) connectGateway(cluster)
  for (const pair of everything(world).pairs) {
    await serveNetwork(world, { clusters: [], pairs: [pair] }, (_, part) => part(), 'act')
  }
}

interface Deed {
  /** How many there are; 2 unless told. */
  clusters?: number
  /** Brings about how the clusters are before it. */
  before: (world: MemoryNetwork) => Promise<unknown>
  due: (world: MemoryNetwork) => MemoryNetwork
}

const DEEDS: Record<string, Deed> = {
  starts: { before: async () => {}, due: (world) => world },
  agrees: {
    before: async (world) => {
      await pass(world)
      for (const cluster of world.clusters) connectGateway(cluster)
    },
    due: (world) => world,
  },
  'follows a new image': {
    before: join,
    due: (world) => ({
      ...world,
      clusters: world.clusters.map((one) => ({ ...one, gateway: { ...one.gateway, image: 'gateway:2' } })),
    }),
  },
  'parts from one': {
    clusters: 3,
    before: joinInOrder,
    due: (world) => ({ ...world, peerings: world.peerings.slice(1) }),
  },
  ends: { before: join, due: (world) => ({ ...world, peerings: [] }) },
}

test.each(Object.entries(DEEDS))(
  'a network that %s is the same after being cut off at any write',
  async (_, { clusters = 2, before, due }) => {
    const whole = fresh(clusters)
    await before(whole)
    await pass(due(whole))
    for (const lost of [false, true]) {
      for (let write = 1; ; write++) {
        const world = fresh(clusters)
        await before(world)
        const isCut = await cutOff(due(world), write, lost)
        await pass(due(world))
        expect(states(world), `cut off at write ${write}${lost ? ', its answer lost' : ''}`).toEqual(states(whole))
        if (!isCut) break
      }
    }
  },
)

/** The names that a cluster gave its peers' networks, as often as it told them, with what it remembered of them then. */
function toldIn(changes: readonly Change[]) {
  let remembered: Record<string, { remotePodCIDR: string; remoteExternalCIDR: string }> = {}
  return changes.flatMap(({ after }) => {
    if (after?.kind === 'IpamStorage') remembered = (after.spec as { clusterSubnets: typeof remembered }).clusterSubnets
    const { processed, podCIDRNAT, externalCIDRNAT } = (after?.status ?? {}) as Record<string, unknown>
    if (after?.kind !== 'NetworkConfig' || !processed || !after.metadata.name.startsWith('from-')) return []
    const peer = after.metadata.labels?.clusterID ?? ''
    const { remotePodCIDR, remoteExternalCIDR } = remembered[peer] ?? {}
    return [{ peer, name: `${podCIDRNAT} ${externalCIDRNAT}`, remembered: `${remotePodCIDR} ${remoteExternalCIDR}` }]
  })
}

test('what one cluster tells another of is remembered before', async () => {
  const world = fresh(3)
  await join(world)
  for (const { api } of world.clusters) {
    const told = toldIn(api.changes)
    expect(new Set(told.map(({ peer }) => peer)).size).toBe(2)
    for (const { name, remembered } of told) expect(name).toBe(remembered)
  }
})

/** No network in use twice in any cluster, and both ends of each tunnel saying the same of it, as its cluster does. */
function expectSound(world: MemoryNetwork): void {
  for (const { id, api } of world.clusters) {
    const stored = api.peek(IPAM_STORAGE, { name: IPAM_NAME })
    const read = stored && readState(stored)
    if (!read || 'denied' in read) throw new Error(`${id}: ${read?.denied}`)
    for (const peer of world.clusters.filter((other) => other.id !== id)) {
      const [here, there] = [tunnelIn(world, id, peer.id), tunnelIn(world, peer.id, id)]
      expect([here.remoteNATPodCIDR, here.remoteNATExternalCIDR]).toEqual([
        there.localNATPodCIDR,
        there.localNATExternalCIDR,
      ])
      const { podCIDRs, externalCIDRs } = clusterOf(read.state, peer.id)!.remote
      expect([podCIDRs[0], externalCIDRs[0]]).toEqual([
        effectiveCIDR(here.remotePodCIDR, here.remoteNATPodCIDR),
        effectiveCIDR(here.remoteExternalCIDR, here.remoteNATExternalCIDR),
      ])
    }
  }
}

function tunnelIn(world: MemoryNetwork, id: string, name: string) {
  const { api } = world.clusters.find((cluster) => cluster.id === id)!
  const { spec } = api.peek(TUNNEL_ENDPOINT, { namespace: SYSTEM_NAMESPACE, name })!
  return tunnelCIDRs(spec as Record<string, unknown>)
}

test('functions that serve pairs at the same time lose no network', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const world = fresh(3)
      await pass(world)
      for (const cluster of world.clusters) connectGateway(cluster)
      const step = scheduler.scheduleFunction(async () => undefined)
      const scheduled = through(world, () => step())
      const all = everything(scheduled)
      const again = async (_: string, part: () => Promise<unknown>): Promise<unknown> =>
        part().catch((error) => (error instanceof ConflictError ? again(_, part) : Promise.reject(error)))
      const runs = all.pairs.map((pair) => serveNetwork(scheduled, { clusters: [], pairs: [pair] }, again, 'act'))
      await scheduler.waitFor(Promise.all(runs))
      expectSound(world)
      for (const { api } of world.clusters) {
        const told = Map.groupBy(toldIn(api.changes), ({ peer }) => peer)
        for (const names of told.values()) expect(new Set(names.map(({ name }) => name)).size).toBe(1)
      }
    }),
    { numRuns: 20 },
  )
})

const CIDRS = ['10.244.0.0/16', '10.0.0.0/16', '10.240.0.0/14', '192.168.64.0/18', '172.16.0.0/13', '203.0.113.0/24']

test('whatever networks clusters have, and whenever they come and go, the names hold', async () => {
  const plan = fc.record({ pod: fc.constantFrom(...CIDRS), reserved: fc.subarray(['10.245.0.0/16', '10.1.0.0/16']) })
  const clusters = fc.array(plan, { minLength: 2, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(clusters, fc.array(fc.nat(3), { maxLength: 3 }), async (plans, leaving) => {
      const world = networkOf(
        ...plans.map(({ pod, reserved }, index) =>
          networkCluster(IDS[index]!, {
            plan: { podCIDRs: [pod], externalCIDRs: [], serviceCIDRs: ['198.18.0.0/16'] },
            reservedSubnets: reserved.filter(() => pod !== '10.240.0.0/14'),
          }),
        ),
      )
      await join(world)
      for (const index of leaving) {
        const gone = IDS[index]!
        const peerings = world.peerings.filter(({ home, remote }) => home !== gone && remote !== gone)
        await pass({ ...world, peerings })
        await pass(world)
        reconnect(world)
        await pass(world)
      }
      const faults = world.clusters.flatMap(({ api }) =>
        api.all(NETWORK_CONFIG).flatMap(({ status }) => (status as { reason?: string }).reason ?? []),
      )
      if (faults.length === 0) expectSound(world)
      expect(new Set(faults).size === 0 || [...new Set(faults)].join() === 'NoFreeNetwork').toBe(true)
    }),
    { numRuns: 15 },
  )
})

/** Gateways that were removed with their last peer come up again. */
function reconnect(world: MemoryNetwork): void {
  for (const cluster of world.clusters as MemoryNetworkCluster[]) {
    if (!('ConfigMap heliograph-gateway-key' in stateOf(cluster))) connectGateway(cluster)
  }
}

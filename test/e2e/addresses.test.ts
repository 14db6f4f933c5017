import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { groupOf } from '../../infra/rights.ts'
import type { KubeObject } from '../../lib/cluster/port.ts'
import { ENDPOINT_MAPPING, ENDPOINT_SLICE } from '../../lib/cluster/resources.ts'
import { parseConfig } from '../../lib/config.ts'
import { dispatchSlices } from '../../lib/flows/mapping/dispatch.ts'
import { sweepMappings } from '../../lib/flows/mapping/release.ts'
import { logger } from '../../lib/log.ts'
import { connectPeerings } from '../../lib/peerings.ts'
import type { Peering } from '../../lib/reflect/peering.ts'
import { judge } from '../simulate/mappings/judge.ts'
import { isDone, KilledError } from '../support/killed.ts'
import { connectGateway, connectTunnel } from './gateways.ts'
import { listOf, offload } from './offload.ts'
import { addressesOf, NATIVE, OURS } from './services.ts'
import { manual, service, webPod } from './shop.ts'
import { IDS, type Id, ipsOf, type Sides, watchSides } from './sides.ts'
import { type TestStage, testStage } from './stage.ts'
import { redeploy, sweep } from './sweep.ts'

/**
 * Addresses between two real control planes with the same pod CIDR, under names that the network function negotiates.
 * Only the cloud's load balancers and the gateways' agents are played.
 */
const NAMESPACE = 'net'
const HOST = '172.18.0.1'
const OUTSIDE = '192.0.2.50'

let stage: TestStage
let sides: Sides

beforeAll(async () => {
  stage = await testStage({
    network: true,
    nodes: { rome: 1, milan: 1 },
    env: {
      CLUSTER_ROME_POD_CIDR: '10.244.0.0/16',
      CLUSTER_MILAN_POD_CIDR: '10.244.0.0/16',
      CLUSTER_ROME_SERVICE_CIDR: '10.96.0.0/12',
      CLUSTER_MILAN_SERVICE_CIDR: '10.96.0.0/12',
      GATEWAY_IMAGE: 'gateway:1',
    },
  })
  const labels = { 'liqo.io/type': 'virtual-node', 'liqo.io/remote-cluster-id': 'milan' }
  await apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'liqo-milan', labels } })
  sides = await watchSides(stage, NAMESPACE)
  await sweep(stage)
  await connect()
  await offload(stage, NAMESPACE)
})
afterAll(async () => {
  sides?.close()
  await stage?.stop()
})

const kubectl = (id: Id, ...args: string[]) => stage.clusters[id]!.kubectl(args)
const apply = (...objects: object[]) => stage.clusters.rome!.kubectl(['apply', '-f', '-'], listOf(...objects))
const inHome = (...args: string[]) => kubectl('rome', '-n', NAMESPACE, ...args)

/** The gateways come up, and the clusters agree. */
async function connect(): Promise<void> {
  await connectGateway(stage, 'rome', '192.0.2.1')
  await connectGateway(stage, 'milan', '192.0.2.2')
  for (const [id, peer] of [IDS, IDS.toReversed()] as [Id, Id][]) {
    await eventually(`tunnel from ${id}`, () => stage.clusters[id]!.kubectl.get('tunnelendpoint', peer, 'heliograph'))
    await connectTunnel(stage, id, peer)
  }
}

/** Originals of rome's mappings for milan, by what milan calls them. */
async function mapped(): Promise<Record<string, string>> {
  const { items } = JSON.parse(await kubectl('rome', 'get', 'endpointmappings', '-o', 'json')) as {
    items: { spec: { original: string; external: string } }[]
  }
  return Object.fromEntries(items.map(({ spec }) => [spec.external.replace('10.245.', '10.247.'), spec.original]))
}

const ipOf = (id: Id, name: string) =>
  sides
    .podsIn(id)
    .filter(({ metadata }) => metadata.name === name)
    .flatMap(ipsOf)[0]

interface Views {
  /** Of rome's pods, in milan, and the other way round: both have the same name for the other's. */
  pod: (ip: string) => string[]
  /** What is no pod of rome's, in milan: the only addresses that are given. */
  other: 'mapped' | 'withheld'
}

const REMAPPED: Views = { pod: (ip) => [ip.replace('10.244.', '10.246.')], other: 'mapped' }
const AS_IS: Views = { pod: (ip) => [ip], other: 'withheld' }
const NONE: Views = { pod: () => [], other: 'withheld' }

/** Waits until pods and Services show in each cluster what they must. */
const shows = (what: string, { pod: view, other }: Views) =>
  eventually(what, async () => {
    const [here = '', away = ''] = [ipOf('rome', 'here'), ipOf('milan', 'away')]
    expect([here, away].every((ip) => ip.startsWith('10.244.'))).toBe(true)
    const atHome = view(away)
    expect(ipOf('rome', 'away')).toEqual(atHome[0])
    expect(addressesOf(sides.slicesIn('rome', 'web', NATIVE))).toEqual([here, HOST, ...atHome].toSorted())
    const originals = await mapped()
    const shown = (name: string) => addressesOf(sides.slicesIn('milan', name, OURS))
    const [web, outside] = [shown('web'), shown('outside')]
    const others = [...web, ...outside].filter((address) => originals[address] !== undefined)
    expect(web.filter((address) => !others.includes(address))).toEqual(view(here))
    expect(outside.filter((address) => !others.includes(address))).toEqual([])
    expect(others.map((address) => originals[address]).toSorted()).toEqual(other === 'mapped' ? [HOST, OUTSIDE] : [])
    expect(Object.keys(originals)).toHaveLength(others.length)
    return true
  })

/** What would change if a pod were made anew, or a container started again. */
const lives = () =>
  IDS.flatMap((id) =>
    sides.podsIn(id).map(({ metadata, status }) => {
      const { containerStatuses = [] } = status as { containerStatuses?: { restartCount: number }[] }
      return `${id} ${metadata.name} ${metadata.uid} ${containerStatuses.map(({ restartCount }) => restartCount)}`
    }),
  ).toSorted()

describe('names that were negotiated', () => {
  test('stand for pods of both sides, and what is no pod has an external address, after events alone', async () => {
    await apply(
      service(NAMESPACE, 'web', { selector: { app: 'web' } }),
      webPod(NAMESPACE, 'here'),
      webPod(NAMESPACE, 'on-host', { hostNetwork: true }),
      webPod(NAMESPACE, 'away', { nodeName: 'liqo-milan' }),
      service(NAMESPACE, 'outside'),
      manual(NAMESPACE, 'outside', [OUTSIDE]),
    )
    await shows('remapped', REMAPPED)
    expect(await sweep(stage)).toMatchObject({ created: 0, updated: 0, deleted: 0, failed: 0 })
  })

  test('are what the gateway knows of', async () => {
    const secret = () => stage.clusters.rome!.kubectl.get('secret', 'heliograph-fabric', 'heliograph')
    await eventually('both addresses in the rules', async () => {
      const data = (await secret())?.data as Record<string, string> | undefined
      const rules = Buffer.from(data?.['gateway.nft'] ?? '', 'base64').toString()
      return rules.includes(OUTSIDE) && rules.includes(HOST)
    })
  })

  test('go with internal=false, and come back when the clusters have agreed: no pod restarts', async () => {
    const before = lives()
    await redeploy(stage, { NETWORKING_INTERNAL: 'false' })
    await shows('as they are', AS_IS)
    expect(await stage.clusters.rome!.kubectl.get('tunnelendpoint', 'milan', 'heliograph')).toBeUndefined()
    await redeploy(stage, { NETWORKING_INTERNAL: 'true' })
    await shows('nothing is agreed yet', NONE)
    await connect()
    await shows('remapped, with no sweep', REMAPPED)
    expect(lives()).toEqual(before)
  })

  test('go with reflectIPs=false, in both clusters, and come back: no pod restarts', async () => {
    const before = lives()
    await redeploy(stage, { NETWORKING_REFLECT_IPS: 'false' })
    await shows('none', NONE)
    expect(sides.slicesIn('milan', 'web', OURS)).toEqual([])
    await redeploy(stage, { NETWORKING_REFLECT_IPS: 'true' })
    await shows('remapped', REMAPPED)
    expect(lives()).toEqual(before)
  })

  test('an external address is free when the last endpoint that has it goes, with no sweep', async () => {
    await apply(service(NAMESPACE, 'again'), manual(NAMESPACE, 'again', [OUTSIDE]))
    await eventually('both show it', async () => {
      const [shown] = Object.entries(await mapped()).find(([, original]) => original === OUTSIDE) ?? []
      const copies = ['again', 'outside'].map((name) => addressesOf(sides.slicesIn('milan', name, OURS)))
      return shown !== undefined && copies.every((addresses) => addresses.join() === shown)
    })
    await inHome('delete', 'endpointslice', 'outside-manual')
    await eventually('one shows it', async () => addressesOf(sides.slicesIn('milan', 'outside', OURS)).length === 0)
    expect(Object.values(await mapped()).toSorted()).toEqual([HOST, OUTSIDE])
    await inHome('delete', 'endpointslice', 'again-manual')
    await eventually('it is free', async () => Object.values(await mapped()).join() === HOST)
    await inHome('delete', 'pod', 'on-host', '--grace-period=0', '--force')
    await eventually('none is left', async () => Object.keys(await mapped()).length === 0)
    // What was on its way when functions were deployed anew is no failure.
    const letters = await stage.host.deadLetters.list()
    expect(letters.filter(({ condition }) => condition !== 'HostStopped')).toEqual([])
  })
})

describe('50 functions at once', () => {
  const SHOP = 'many'
  const ORIGINALS = Array.from({ length: 20 }, (_, index) => `198.51.100.${index + 1}`)
  const some = () => Array.from({ length: 1 + randomInt(3) }, () => ORIGINALS[randomInt(ORIGINALS.length)]!)
  const nameOf = (index: number) => `s${String(index).padStart(2, '0')}`
  const place = ['-n', SHOP]

  const SILENT = logger('silent')

  /** Those of the function of EndpointSlices: what it may do is enough. */
  async function credentials(): Promise<Record<string, string>> {
    const groups = [groupOf('endpointslice')]
    const entries = IDS.map(async (id) => {
      const kubeconfig = await stage.clusters[id]!.cluster.kubeconfigFor({ user: 'endpointslice', groups })
      return [`CLUSTER_${id.toUpperCase()}_KUBECONFIG`, kubeconfig]
    })
    return Object.fromEntries(await Promise.all(entries))
  }

  /** The clusters as a function sees them that ends after so many writes. */
  function mortal({ home, remote, ...rest }: Peering, writes: number): Peering {
    let left = writes
    const dying = (cluster: Peering['home']): Peering['home'] => {
      const write = async <T>(done: Promise<T>) => {
        const value = await done
        if (--left <= 0) throw new KilledError()
        return value
      }
      return {
        id: cluster.id,
        get: (...args) => cluster.get(...args),
        list: (...args) => cluster.list(...args),
        apply: (...args) => write(cluster.apply(...args)),
        delete: (...args) => write(cluster.delete(...args)),
      }
    }
    return { ...rest, home: dying(home), remote: dying(remote) }
  }

  const all = async (pages: AsyncIterable<KubeObject[]>) => (await Array.fromAsync(pages)).flat()

  /** What is wrong between the clusters. */
  async function wrong({ home, remote }: Peering, when?: 'swept') {
    const labelSelector = 'endpointslice.kubernetes.io/managed-by=endpointslice.reflection.liqo.io'
    const shown = {
      slices: await all(home.list(ENDPOINT_SLICE, { namespace: SHOP })),
      copies: await all(remote.list(ENDPOINT_SLICE, { namespace: `${SHOP}-rome`, labelSelector })),
      mappings: await all(home.list(ENDPOINT_MAPPING)),
    }
    return judge(shown, when)
  }

  test('with slices that come, change and go, functions that die, and sweeps: no mapping in use is lost, none is left', {
    timeout: 300_000,
  }, async () => {
    await offload(stage, SHOP)
    await stage.functionsDown()
    const config = parseConfig({ ...stage.env, ...(await credentials()) })
    // As on Lambda, functions have connections of their own.
    const functions = Array.from({ length: 10 }, () => ({ ...connectPeerings(config, 'test')[0]!, log: SILENT }))
    const peering = functions[0]!
    const wake = (one: Peering, ...names: string[]) =>
      dispatchSlices([one], { cluster: 'rome', kind: 'endpointslice', namespace: SHOP, names })
    const shown = new Map(Array.from({ length: 30 }, (_, index) => [nameOf(index), some()]))
    const write = (names: Iterable<string>) =>
      apply(...[...names].map((name) => ({ ...manual(SHOP, name, shown.get(name)!), metadata: metadataOf(name) })))
    const metadataOf = (name: string) => ({ name, namespace: SHOP, labels: { 'kubernetes.io/service-name': name } })
    await write(shown.keys())
    await wake(peering, ...shown.keys())
    expect(await wrong(peering)).toBeUndefined()

    const names = Array.from({ length: 50 }, (_, index) => nameOf(index))
    const goes = names.slice(0, 10)
    for (const name of names.slice(10)) shown.set(name, some())
    await kubectl('rome', ...place, 'delete', 'endpointslice', ...goes)
    await write(names.slice(10))
    const running = names.map(async (name, index) => {
      const own = functions[index % functions.length]!
      return isDone(wake(index % 5 === 0 ? mortal(own, 1 + randomInt(4)) : own, name))
    })
    const sweeps = functions.slice(0, 2).map((one) => isDone(sweepMappings(one)))
    const done = await Promise.all(running)
    await Promise.all(sweeps)
    await wake(peering, ...names.filter((_, index) => !done[index]))
    expect(await wrong(peering)).toBeUndefined()
    await stage.functionsUp()
    expect(await sweep(stage)).toMatchObject({ failed: 0 })
    expect(await wrong(peering, 'swept')).toBeUndefined()
    const originals = await mapped()
    expect(new Set(Object.values(originals)).size).toBe(Object.keys(originals).length)
    for (const name of names.slice(10)) shown.delete(name)
    await kubectl('rome', ...place, 'delete', 'endpointslice', '--all')
    await eventually('none is left', async () => Object.keys(await mapped()).length === 0)
  })
})

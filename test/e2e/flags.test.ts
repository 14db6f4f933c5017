import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { type FlatNetwork, startFlatNetwork, whyNoFlatNetwork } from './flat/network.ts'
import { connectGateway, connectTunnel } from './gateways.ts'
import { listOf, offload } from './offload.ts'
import { ageHomeLease } from './reachability.ts'
import { addressesOf, MANAGED_BY, OURS } from './services.ts'
import { MACHINES, manual, OUTSIDE, PORT, shop } from './shop.ts'
import { type Both, IDS, type Id, ipsOf, isAway, type Pod, type Sides, watchSides } from './sides.ts'
import { type TestStage, testStage } from './stage.ts'
import { sweep } from './sweep.ts'
import { dueAddresses, duePodIPs, resolved, shownPodIPs, type View, type Views, wronglyShown } from './views.ts'

/**
 * What the two networking flags do to addresses, between real control planes with their EndpointSlice controllers and
 * schedulers. kwok plays the kubelets, and gives pods addresses of a range that only their own cluster has.
 */
const POD_CIDRS: Both<string> = { rome: '10.10.0.0/16', milan: '10.20.0.0/16' }

interface Mode extends Views {
  internal: boolean
  reflectIPs: boolean
}

/** Nothing may point milan at what is in no range of rome's. */
const asIs: View = (address) => (address === OUTSIDE ? undefined : address)
const none: View = () => undefined

/** What a cluster's pods are called in the other one, which has reserved the range that they have. */
const NAMES: Both<string> = { rome: '10.11.0.0/16', milan: '10.8.0.0/16' }
/** What stands for OUTSIDE in milan: the first address for endpoints in what milan calls rome's external CIDR. */
const OUTSIDE_IN_MILAN = '10.13.0.2'
const prefix = (cidr: string) => cidr.replace('0.0/16', '')
const renamed =
  (id: Id): View =>
  (address) =>
    address === OUTSIDE ? OUTSIDE_IN_MILAN : address.replace(prefix(POD_CIDRS[id]), prefix(NAMES[id]))

const MODES: Mode[] = [
  { internal: false, reflectIPs: false, atHome: none, inRemote: none },
  { internal: false, reflectIPs: true, atHome: asIs, inRemote: asIs },
  { internal: true, reflectIPs: true, atHome: renamed('milan'), inRemote: renamed('rome') },
  { internal: true, reflectIPs: false, atHome: none, inRemote: none },
]

let stage: TestStage
beforeAll(async () => {
  stage = await testStage({
    admission: true,
    network: true,
    nodes: { rome: 1, milan: 1 },
    control: { rome: { podCIDR: POD_CIDRS.rome }, milan: { podCIDR: POD_CIDRS.milan } },
    speed: 1,
    env: {
      NETWORKING_INTERNAL: 'false',
      NETWORKING_REFLECT_IPS: 'false',
      CLUSTER_ROME_POD_CIDR: POD_CIDRS.rome,
      CLUSTER_MILAN_POD_CIDR: POD_CIDRS.milan,
      CLUSTER_ROME_EXTERNAL_CIDR: '10.11.0.0/16',
      CLUSTER_MILAN_EXTERNAL_CIDR: '10.12.0.0/16',
      CLUSTER_ROME_RESERVED_SUBNETS: `${POD_CIDRS.milan},10.21.0.0/16`,
      CLUSTER_MILAN_RESERVED_SUBNETS: POD_CIDRS.rome,
      GATEWAY_IMAGE: 'gateway:1',
    },
  })
})
afterAll(() => stage?.stop())

/** The functions negotiate; clouds and agents do the rest. */
async function connect(): Promise<void> {
  await stage.host.invoke('sweep', {})
  await connectGateway(stage, 'rome', '192.0.2.1')
  await connectGateway(stage, 'milan', '192.0.2.2')
  const endpoint = ['tunnelendpoint/milan', '-n', 'heliograph', '--timeout=60s']
  await stage.clusters.rome!.kubectl(['wait', '--for=create', ...endpoint])
  await connectTunnel(stage, 'rome', 'milan')
}

describe.each(MODES)('internal=$internal, reflectIPs=$reflectIPs', ({ internal, reflectIPs, ...views }) => {
  const namespace = `shop-${internal}-${reflectIPs}`
  const rome = (args: string[], input?: string) => stage.clusters.rome!.kubectl(['-n', namespace, ...args], input)
  const milan = (...args: string[]) => stage.clusters.milan!.kubectl(['-n', `${namespace}-rome`, ...args])
  let sides: Sides
  const apps = ['web', 'db']
  /** Addresses that somebody keeps by hand, by Service. */
  const byHand: Record<string, readonly string[]> = { outside: [MACHINES[0], OUTSIDE], bare: [MACHINES[1]] }

  beforeAll(async () => {
    await stage.redeploy({ NETWORKING_INTERNAL: `${internal}`, NETWORKING_REFLECT_IPS: `${reflectIPs}` })
    sides = await watchSides(stage, namespace)
    if (internal) await connect()
    for (const what of ['create', 'condition=Ready']) {
      await stage.clusters.rome!.kubectl(['wait', `--for=${what}`, '--timeout=60s', 'node/liqo-milan'])
    }
    await offload(stage, namespace)
    await rome(['apply', '-f', '-'], listOf(...shop(namespace)))
  })
  afterAll(() => sides?.close())

  /** So many pods run, each shows the right address, and each Service resolves to exactly what it must. */
  const settles = (what: string, number: number) =>
    eventually(what, async () => {
      const [here, there] = [sides.podsIn('rome'), sides.podsIn('milan')]
      expect([here.length, here.filter(isRunning).length]).toEqual([number, number])
      expect([there.length, there.filter(isRunning).length]).toEqual(Array(2).fill(here.filter(isAway).length))
      expect(shownPodIPs(sides)).toEqual(duePodIPs(sides, views))
      expect(resolved(sides, [...apps, ...Object.keys(byHand)])).toEqual(dueAddresses(sides, views, apps, byHand))
      return true
    })

  const onEachSide = (app: string) => IDS.map((id) => sides.ownPods(id, app).length)
  const namesIn = (id: Id, app: string) => sides.ownPods(id, app).map(({ metadata }) => metadata.name)

  test('each Service resolves to exactly what it must, in both clusters', async () => {
    await settles('four pods of each', 8)
    expect(apps.map(onEachSide)).toEqual(Array(2).fill([2, 2]))
    // The peers of a StatefulSet are found by their names.
    for (const id of IDS) {
      const peers = reflectIPs ? IDS.flatMap((side) => namesIn(side, 'db')) : namesIn(id, 'db')
      expect(
        sides
          .backends(id, 'db')
          .map(({ hostname }) => hostname)
          .toSorted(),
      ).toEqual(peers.toSorted())
    }
  })

  test('and so it stays while pods and backends come and go', async () => {
    await rome(['scale', 'deployment/web', '--replicas=2'])
    await settles('two pods of web', 6)
    await rome(['scale', 'deployment/web', '--replicas=6'])
    await settles('six pods of web', 10)
    expect(onEachSide('web')).toEqual([3, 3])
    await rome(['delete', 'pod', ...IDS.map((id) => namesIn(id, 'db')[0]!)])
    await settles('pods deleted in rome are made anew', 10)
    await milan('delete', 'pod', namesIn('milan', 'web')[0]!)
    await settles('a pod deleted in milan is made anew', 10)
    byHand.outside = [MACHINES[2]]
    await rome(['apply', '-f', '-'], listOf(manual(namespace, 'outside', byHand.outside)))
    await settles('other backends by hand', 10)
    byHand.bare = []
    await rome(['delete', 'endpointslice', 'bare-manual'])
    await settles('none by hand', 10)
  })

  test('a sweep finds nothing to do', async () => {
    expect(await sweep(stage)).toMatchObject({ created: 0, updated: 0, deleted: 0, failed: 0 })
  })

  if (reflectIPs && !internal) {
    test('a client in each cluster reaches all that its Services resolve to', async ({ skip }) => {
      const whyNot = whyNoFlatNetwork()
      if (whyNot) skip(whyNot)
      const network = await startFlatNetwork(Object.values(POD_CIDRS))
      try {
        for (const id of IDS) await serveAll(network, id)
        for (const id of IDS) for (const service of [...apps, 'outside']) await reachAll(network, id, service)
      } finally {
        await network.stop()
      }
    })
  }

  if (reflectIPs && internal) {
    test('while the tunnel is down milan sends to pods of its own only', async () => {
      const own = () => sides.ownPods('milan', 'web').flatMap(ipsOf).toSorted()
      const backends = () => sides.backends('milan', 'web').map(({ address }) => address)
      await connectTunnel(stage, 'rome', 'milan', 'Error')
      await ageHomeLease(stage)
      await stage.host.invoke('node', {})
      await eventually('no endpoint of rome', async () => {
        expect(backends().toSorted()).toEqual(own())
        return true
      })
      await connectTunnel(stage, 'rome', 'milan')
      await settles('as before', 10)
    })
  }

  /** What runs in a cluster answers at the addresses that it has there. */
  async function serveAll(network: FlatNetwork, id: Id): Promise<void> {
    for (const pod of sides.ownPods(id)) await network.serve(ipsOf(pod)[0]!, PORT, pod.metadata.name)
    if (id === 'rome') for (const address of byHand.outside!) await network.serve(address, PORT, address)
  }

  async function reachAll(network: FlatNetwork, id: Id, service: string): Promise<void> {
    const from = ipsOf(sides.ownPods(id)[0]!)[0]!
    const backends = sides.backends(id, service)
    const met = await Promise.all(backends.map(({ address, port }) => network.connect(from, address, port!)))
    const behind = byHand[service] ?? IDS.flatMap((side) => namesIn(side, service))
    expect(met.map(({ name }) => name).toSorted()).toEqual(behind.toSorted())
    expect(met.filter((one) => one.from !== from)).toEqual([])
  }

  test('in no version did a pod or a Service show an address that it must not', () => {
    expect(wronglyShown(sides, views, [...MACHINES, OUTSIDE])).toEqual([])
    const copies = sides.sliceVersions('milan').filter(({ metadata }) => metadata.labels?.[MANAGED_BY] === OURS)
    if (!reflectIPs) expect(copies).toEqual([])
    // What has to be looked at was there.
    expect(addressesOf(copies).length > 0).toBe(reflectIPs)
    const away = sides.podVersions('rome').filter(isAway)
    expect(away.length).toBeGreaterThan(0)
    expect(away.some((pod) => ipsOf(pod).length > 0)).toBe(reflectIPs)
  })
})

const isRunning = ({ status, metadata }: Pod) => status.phase === 'Running' && !metadata.deletionTimestamp

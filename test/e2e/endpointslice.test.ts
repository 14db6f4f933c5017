import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { listOf, makeNode, offload } from './offload.ts'
import { ageHomeLease } from './reachability.ts'
import { addressesOf, MANAGED_BY, NATIVE, OURS, SERVICE_NAME, type Slice } from './services.ts'
import { service, webPod } from './shop.ts'
import { type Id, type Sides, watchSides } from './sides.ts'
import { type TestStage, testStage } from './stage.ts'
import { redeploy, sweep } from './sweep.ts'

/** Real API servers and the real EndpointSlice controllers; kwok plays the kubelets of one node in each cluster. */
let stage: TestStage
let namespace: string
let sides: Sides
let count = 0

/** So that a few pods are several slices; the controller's own is 100. */
const PER_SLICE = 2

beforeAll(async () => {
  stage = await testStage({
    network: true,
    nodes: { rome: 1, milan: 1 },
    control: { rome: { extraControllerManagerArgs: [`--max-endpoints-per-slice=${PER_SLICE}`] } },
    env: {
      NETWORKING_INTERNAL: 'false',
      CLUSTER_ROME_POD_CIDR: '10.244.0.0/16,fd00:10::/56',
      CLUSTER_MILAN_POD_CIDR: '10.244.0.0/16',
      GATEWAY_IMAGE: 'gateway:1',
      CLUSTER_MILAN_INGRESS_CLASS: 'traefik',
    },
  })
  await makeNode(stage)
  await kubectl('rome', ['label', 'node', 'rome-node-1', 'topology.kubernetes.io/zone=eu-1a'])
})
afterAll(() => stage?.stop())

beforeEach(async () => {
  namespace = `net-${++count}`
  sides = await watchSides(stage, namespace)
  await offload(stage, namespace)
})
afterEach(() => sides?.close())

const kubectl = (id: string, args: string[], input?: string) => stage.clusters[id]!.kubectl(args, input)
const apply = (id: string, ...objects: object[]) => kubectl(id, ['apply', '-f', '-'], listOf(...objects))
const home = (...args: string[]) => kubectl('rome', ['-n', namespace, ...args])
const placeIn = (id: Id) => (id === 'rome' ? namespace : `${namespace}-rome`)

/** Waits until these, and no others, are the addresses of the Service's slices of this manager. */
const resolves = (id: Id, service: string, manager: string, want: readonly string[]): Promise<Slice[]> =>
  eventually(`${service} in ${id} (${manager})`, async () => {
    const found = sides.slicesIn(id, service, manager)
    expect(addressesOf(found)).toEqual(want.toSorted())
    return found
  })

/** Waits for so many addresses, whatever they are. */
const addresses = (id: Id, service: string, manager: string, many: number): Promise<string[]> =>
  eventually(`${many} addresses of ${service} in ${id}`, async () => {
    const found = addressesOf(sides.slicesIn(id, service, manager))
    return found.length === many && found
  })

const noSlice = (service: string) =>
  eventually(`no slice of ${service}`, async () => sides.slicesIn('milan', service, OURS).length === 0)

const pod = (id: Id, name: string, spec: object = {}, metadata: object = {}) =>
  webPod(placeIn(id), name, spec, metadata)

function manual(name: string, endpoints: object[], more: object = {}) {
  const labels = { [SERVICE_NAME]: 'outside', [MANAGED_BY]: 'hand' }
  const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' }
  return { ...slice, metadata: { name, namespace, labels }, endpoints, ports: [{ port: 80 }], ...more }
}

/** Slices of ours, as the API server of milan has them now. */
async function copies(): Promise<Slice[]> {
  const text = await kubectl('milan', [
    '-n',
    placeIn('milan'),
    'get',
    'endpointslices',
    '-l',
    `${MANAGED_BY}=${OURS}`,
    '-o',
    'json',
  ])
  return (JSON.parse(text) as { items: Slice[] }).items
}

const warnings = async (name: string) => {
  const selector = `type=Warning,involvedObject.name=${name}`
  return home('get', 'events', '--field-selector', selector, '-o', 'jsonpath={.items[*].message}')
}

test('a Service with pods in both clusters resolves in milan to all of them, each once', async () => {
  await apply(
    'rome',
    service(namespace, 'web', { selector: { app: 'web' } }),
    pod('rome', 'web-1'),
    pod('rome', 'web-2'),
  )
  const [first = '', second = ''] = await addresses('rome', 'web', NATIVE, 2)
  const [copy] = await resolves('milan', 'web', OURS, [first, second])
  expect(copy?.endpoints?.map(({ nodeName }) => nodeName)).toEqual(['rome', 'rome'])
  // An offloaded pod: in rome an endpoint on the virtual node, in milan a pod of its own.
  await apply('rome', pod('rome', 'away', { nodeName: 'liqo-milan' }))
  const native = await addresses('milan', 'web', NATIVE, 1)
  await resolves('rome', 'web', NATIVE, [first, second, ...native])
  await resolves('milan', 'web', OURS, [first, second])
  // milan's own slice bears the marks of the Service that we made, and is still none of ours.
  const [own] = sides.slicesIn('milan', 'web', NATIVE)
  expect(own?.metadata.labels).toMatchObject({ 'offloading.liqo.io/origin': 'rome' })
  expect(await sweep(stage)).toMatchObject({ created: 0, updated: 0, deleted: 0, failed: 0 })
  await home('delete', 'pod', 'web-1', '--grace-period=0', '--force')
  const [left = ''] = await addresses('milan', 'web', OURS, 1)
  expect([first, second]).toContain(left)
  expect(await addresses('milan', 'web', NATIVE, 1)).toEqual(native)
})

test('an endpoint keeps what home says of it: name, zone, hints, conditions, and the pod as a remote one', async () => {
  const ports = [
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'dns', port: 53, protocol: 'UDP' },
  ]
  const spec = { selector: { app: 'web' }, clusterIP: 'None', trafficDistribution: 'PreferSameNode', ports }
  // A finalizer keeps a pod that is deleted, so that it is seen terminating.
  const kept = { finalizers: ['test.example/kept'] }
  const named = { hostname: 'first', subdomain: 'web' }
  await apply('rome', service(namespace, 'web', spec), pod('rome', 'web-0', named, kept))
  const want = await addresses('rome', 'web', NATIVE, 1)
  /** Both have the one endpoint, at home with these conditions. */
  const looksLike = (what: string, conditions: object) =>
    eventually(what, async () => {
      const [own] = sides.slicesIn('rome', 'web', NATIVE)
      const [copy] = sides.slicesIn('milan', 'web', OURS)
      const endpoints = own?.endpoints ?? []
      const marked = endpoints.map(({ hints, targetRef, ...rest }) => ({
        ...rest,
        nodeName: 'rome',
        targetRef: { ...targetRef, kind: 'RemotePod' },
        ...(hints && { hints: { ...hints, forNodes: [{ name: 'rome' }] } }),
      }))
      expect(endpoints.map((one) => one.conditions)).toEqual([conditions])
      expect(copy).toMatchObject({ addressType: 'IPv4', endpoints: marked, ports: own?.ports })
      return copy!
    })
  const copy = await looksLike('as it runs', { ready: true, serving: true, terminating: false })
  const [endpoint] = copy.endpoints ?? []
  const hints = { forZones: [{ name: 'eu-1a' }], forNodes: [{ name: 'rome' }] }
  expect(endpoint).toMatchObject({ hostname: 'first', zone: 'eu-1a', hints })
  expect(copy.ports).toHaveLength(2)
  expect(copy.metadata.labels).toHaveProperty(['service.kubernetes.io/headless'])
  await home('delete', 'pod', 'web-0', '--wait=false')
  await looksLike('as it ends', { ready: false, serving: true, terminating: true })
  await resolves('milan', 'web', OURS, want)
  await home('patch', 'pod', 'web-0', '--type=merge', '-p', '{"metadata":{"finalizers":null}}')
  await resolves('milan', 'web', OURS, [])
})

test('what the controller divides into slices, and divides anew, is the same in milan', async () => {
  const names = Array.from({ length: 7 }, (_, index) => `web-${index}`)
  await apply(
    'rome',
    service(namespace, 'web', { selector: { app: 'web' } }),
    ...names.map((name) => pod('rome', name)),
  )
  const isSame = (slices: number, many: number) =>
    eventually(`${many} endpoints in ${slices} slices`, async () => {
      const [own, copied] = [sides.slicesIn('rome', 'web', NATIVE), sides.slicesIn('milan', 'web', OURS)]
      const bySlice = (all: readonly Slice[]) =>
        Object.fromEntries(all.map((one) => [one.metadata.name, addressesOf([one])]))
      expect([own.length, addressesOf(own).length]).toEqual([slices, many])
      expect(bySlice(copied)).toEqual(bySlice(own))
      return true
    })
  await isSame(4, 7)
  await home('delete', 'pod', 'web-0', 'web-1', 'web-2', 'web-3', '--grace-period=0', '--force')
  await apply('rome', pod('rome', 'web-7'))
  await isSame(2, 4)
  await home('delete', 'service', 'web')
  await noSlice('web')
})

describe('a Service without a selector', () => {
  beforeEach(() => apply('rome', service(namespace, 'outside')))

  test('resolves to what was written by hand, of both families, but for what may not go over', async () => {
    await apply(
      'rome',
      manual('out-4', [{ addresses: ['10.244.200.1'] }, { addresses: ['203.0.113.5'] }]),
      manual('out-6', [{ addresses: ['fd00:10::7'] }], { addressType: 'IPv6' }),
      manual('out-name', [{ addresses: ['db.example.com'] }], { addressType: 'FQDN' }),
    )
    await resolves('milan', 'outside', OURS, ['10.244.200.1', 'fd00:10::7'])
    await eventually('a Warning', async () => (await warnings('out-4')).includes('203.0.113.5 is outside the CIDRs'))
    await eventually('a Warning', async () => (await warnings('out-name')).includes('db.example.com of rome is a name'))
    expect(await warnings('out-6')).toBe('')
  })

  test('of 1,100 endpoints, in slices as the user has them', async () => {
    const all = Array.from({ length: 1100 }, (_, index) => `10.244.${index >> 8}.${index & 255}`)
    const slice = (name: string, some: readonly string[]) =>
      manual(
        name,
        some.map((address) => ({ addresses: [address] })),
      )
    await apply('rome', slice('many-1', all.slice(0, 1000)), slice('many-2', all.slice(1000)))
    const found = await resolves('milan', 'outside', OURS, all)
    expect(found.map(({ endpoints }) => endpoints?.length).toSorted()).toEqual([100, 1000])
  })

  test('skipped takes its slices along, and brings them back', async () => {
    await apply('rome', manual('out-4', [{ addresses: ['10.244.200.1'] }]))
    await resolves('milan', 'outside', OURS, ['10.244.200.1'])
    await home('annotate', 'service', 'outside', 'liqo.io/skip-reflection=true')
    await noSlice('outside')
    await home('annotate', 'endpointslice', 'out-4', 'liqo.io/allow-reflection=true')
    await resolves('milan', 'outside', OURS, ['10.244.200.1'])
    await home('annotate', 'endpointslice', 'out-4', 'liqo.io/allow-reflection-')
    await noSlice('outside')
    await home('annotate', 'service', 'outside', 'liqo.io/skip-reflection-')
    await resolves('milan', 'outside', OURS, ['10.244.200.1'])
  })
})

test('a flag that is flipped: the next sweep takes the addresses away, and brings them back', async () => {
  await apply('rome', service(namespace, 'outside'))
  await apply('rome', manual('out-4', [{ addresses: ['10.244.200.1'] }]))
  await resolves('milan', 'outside', OURS, ['10.244.200.1'])
  const before = await stage.clusters.milan!.kubectl.get('service', 'outside', `${namespace}-rome`)
  expect((await redeploy(stage, { NETWORKING_REFLECT_IPS: 'false' })).failed).toBe(0)
  expect(await copies()).toEqual([])
  await redeploy(stage, { NETWORKING_REFLECT_IPS: 'true' })
  await resolves('milan', 'outside', OURS, ['10.244.200.1'])
  // Our own network is asked for, and not negotiated: no address is known to be right.
  await redeploy(stage, { NETWORKING_INTERNAL: 'true' })
  expect((await copies()).map(({ endpoints }) => endpoints ?? [])).toEqual([[]])
  await redeploy(stage, { NETWORKING_INTERNAL: 'false', CLUSTER_MILAN_NETWORKING_REFLECT_IPS: 'false' })
  expect(await copies()).toEqual([])
  await home('annotate', 'endpointslice', 'out-4', 'a=b')
  await eventually('a Warning', async () => (await warnings('out-4')).includes('Set both alike'))
  await redeploy(stage, { CLUSTER_MILAN_NETWORKING_REFLECT_IPS: 'true' })
  await resolves('milan', 'outside', OURS, ['10.244.200.1'])
  expect(await stage.clusters.milan!.kubectl.get('service', 'outside', `${namespace}-rome`)).toEqual(before)
})

test('endpoints of a home that stays out of reach are not ready, until it is back', async () => {
  await apply('rome', service(namespace, 'outside'), manual('out-4', [{ addresses: ['10.244.200.1'] }]))
  await resolves('milan', 'outside', OURS, ['10.244.200.1'])
  const looks = async () => expect((await stage.host.invoke('node', {})).functionError).toBeUndefined()
  const backends = (want: readonly string[]) =>
    eventually(`milan sends to ${want}`, async () => {
      expect(sides.backends('milan', 'outside').map(({ address }) => address)).toEqual(want)
      return true
    })
  await looks()
  const { cluster } = stage.clusters.rome!
  await cluster.stopApiServer()
  try {
    await looks()
    await backends(['10.244.200.1'])
    await ageHomeLease(stage)
    await looks()
    await backends([])
  } finally {
    await cluster.startApiServer()
  }
  await looks()
  await backends(['10.244.200.1'])
})

test('an Ingress gets the class of milan', async () => {
  await home('create', 'ingress', 'web', '--class=nginx', '--rule=shop.example.com/*=web:80')
  const spec = await eventually('the Ingress in milan', async () => {
    return (await stage.clusters.milan!.kubectl.get('ingress', 'web', `${namespace}-rome`))?.spec
  })
  expect(spec).toMatchObject({ ingressClassName: 'traefik', rules: [{ host: 'shop.example.com' }] })
  await home('delete', 'ingress', 'web')
  await eventually('gone', async () => {
    return !(await stage.clusters.milan!.kubectl.get('ingress', 'web', `${namespace}-rome`))
  })
})

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { type TestStage, testStage } from './stage.ts'

/** Real API servers and the real EndpointSlice controllers; kwok plays the kubelets of one node in each cluster. */
let stage: TestStage
let namespace: string
let count = 0

const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
const OURS = `${MANAGED_BY}=endpointslice.reflection.liqo.io`
const NATIVE = `${MANAGED_BY}=endpointslice-controller.k8s.io`

beforeAll(async () => {
  stage = await testStage({
    nodes: { rome: 1, milan: 1 },
    env: {
      NETWORKING_INTERNAL: 'false',
      CLUSTER_ROME_POD_CIDR: '10.244.0.0/16,fd00:10::/56',
      CLUSTER_MILAN_INGRESS_CLASS: 'traefik',
    },
  })
  const labels = { 'liqo.io/type': 'virtual-node', 'liqo.io/remote-cluster-id': 'milan' }
  await apply('rome', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'liqo-milan', labels } })
})
afterAll(() => stage?.stop())

beforeEach(async () => {
  namespace = `net-${++count}`
  await kubectl('rome', ['create', 'namespace', namespace])
  const metadata = { name: 'offloading', namespace }
  await apply('rome', { apiVersion: 'offloading.liqo.io/v1beta1', kind: 'NamespaceOffloading', metadata, spec: {} })
  await eventually(`${namespace} is ready`, async () => {
    const found = await stage.clusters.rome!.kubectl.get('nsof', 'offloading', namespace)
    return (found?.status as { offloadingPhase?: string } | undefined)?.offloadingPhase === 'Ready'
  })
})

interface Slice {
  metadata: { name: string; labels: Record<string, string> }
  endpoints: { addresses: string[]; nodeName?: string; conditions: { ready?: boolean } }[] | null
  addressType: string
}

const kubectl = (id: string, args: string[], input?: string) => stage.clusters[id]!.kubectl(args, input)
const apply = (id: string, object: object) => kubectl(id, ['apply', '-f', '-'], JSON.stringify(object))
const home = (...args: string[]) => kubectl('rome', ['-n', namespace, ...args])
const placeIn = (id: string) => (id === 'rome' ? namespace : `${namespace}-rome`)

async function slices(id: string, selector: string): Promise<Slice[]> {
  const text = await kubectl(id, ['-n', placeIn(id), 'get', 'endpointslices', '-l', selector, '-o', 'json'])
  return (JSON.parse(text) as { items: Slice[] }).items
}

const addressesOf = (found: Slice[]) =>
  found.flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses)).toSorted()

/** Waits until these, and no others, are the addresses of the Service's slices that bear the label. */
const resolves = (id: string, service: string, label: string, want: readonly string[]) =>
  eventually(`${service} in ${id} (${label}): ${want}`, async () => {
    const found = await slices(id, `kubernetes.io/service-name=${service},${label}`)
    return JSON.stringify(addressesOf(found)) === JSON.stringify(want.toSorted()) && found
  })

/** Waits for so many ready addresses, whatever they are. */
const ready = (id: string, service: string, label: string, many: number) =>
  eventually(`${many} addresses of ${service} in ${id}`, async () => {
    const found = addressesOf(await slices(id, `kubernetes.io/service-name=${service},${label}`))
    return found.length === many && found
  })

function service(name: string, spec: object = {}) {
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }]
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { ports, ...spec } }
}

function pod(id: string, name: string, nodeName?: string) {
  const containers = [{ name: 'web', image: 'web' }]
  const spec = { containers, ...(nodeName && { nodeName }), automountServiceAccountToken: false }
  return apply(id, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: placeIn(id), labels: { app: 'web' } },
    spec,
  })
}

function manual(name: string, endpoints: object[], more: object = {}) {
  const labels = { 'kubernetes.io/service-name': 'outside', [MANAGED_BY]: 'hand' }
  const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' }
  return apply('rome', { ...slice, metadata: { name, namespace, labels }, endpoints, ports: [{ port: 80 }], ...more })
}

async function swept(): Promise<Record<string, number>> {
  const { payload, functionError } = await stage.host.invoke('sweep', {})
  expect(functionError, payload).toBeUndefined()
  return JSON.parse(payload) as Record<string, number>
}

/** The functions are deployed anew with these settings, and sweep. */
async function redeployed(env: Record<string, string>): Promise<Record<string, number>> {
  await stage.functionsDown()
  Object.assign(stage.env, env)
  await stage.functionsUp()
  return swept()
}

const warnings = async (name: string) => {
  const selector = `type=Warning,involvedObject.name=${name}`
  return home('get', 'events', '--field-selector', selector, '-o', 'jsonpath={.items[*].message}')
}

test('a Service with pods in both clusters resolves in milan to all of them, each once', async () => {
  await apply('rome', service('web', { selector: { app: 'web' } }))
  for (const name of ['web-1', 'web-2']) await pod('rome', name)
  const [first = '', second = ''] = await ready('rome', 'web', NATIVE, 2)
  const [copy] = await resolves('milan', 'web', OURS, [first, second])
  expect(copy?.endpoints?.map(({ nodeName }) => nodeName)).toEqual(['rome', 'rome'])
  // An offloaded pod: in rome an endpoint on the virtual node, in milan a pod of its own.
  await pod('rome', 'away', 'liqo-milan')
  const native = await ready('milan', 'web', NATIVE, 1)
  await resolves('rome', 'web', NATIVE, [first, second, ...native])
  await resolves('milan', 'web', OURS, [first, second])
  // milan's own slice bears the marks of the Service that we made, and is still none of ours.
  const [own] = await slices('milan', `kubernetes.io/service-name=web,${NATIVE}`)
  expect(own?.metadata.labels).toMatchObject({ 'offloading.liqo.io/origin': 'rome' })
  expect(await swept()).toMatchObject({ created: 0, updated: 0, deleted: 0, failed: 0 })
  await home('delete', 'pod', 'web-1', '--grace-period=0', '--force')
  const [left = ''] = await eventually('one less', async () => {
    const found = addressesOf(await slices('milan', `kubernetes.io/service-name=web,${OURS}`))
    return found.length === 1 ? found : undefined
  })
  expect([first, second]).toContain(left)
  expect(await ready('milan', 'web', NATIVE, 1)).toEqual(native)
})

test('a headless Service: every pod by its name', async () => {
  await apply('rome', service('web', { selector: { app: 'web' }, clusterIP: 'None' }))
  await pod('rome', 'web-0')
  const want = await ready('rome', 'web', NATIVE, 1)
  const [copy] = await resolves('milan', 'web', OURS, want)
  expect(copy?.metadata.labels).toHaveProperty(['service.kubernetes.io/headless'])
})

describe('a Service without a selector', () => {
  beforeEach(() => apply('rome', service('outside')))

  test('resolves to what was written by hand, of both families, but for what may not go over', async () => {
    await manual('out-4', [{ addresses: ['10.244.200.1'] }, { addresses: ['203.0.113.5'] }])
    await manual('out-6', [{ addresses: ['fd00:10::7'] }], { addressType: 'IPv6' })
    await manual('out-name', [{ addresses: ['db.example.com'] }], { addressType: 'FQDN' })
    await resolves('milan', 'outside', OURS, ['10.244.200.1', 'fd00:10::7'])
    await eventually('a Warning', async () => (await warnings('out-4')).includes('203.0.113.5 is outside the CIDRs'))
    await eventually('a Warning', async () => (await warnings('out-name')).includes('db.example.com of rome is a name'))
    expect(await warnings('out-6')).toBe('')
  })

  test('of 1,100 endpoints, in slices as the user has them', async () => {
    const all = Array.from({ length: 1100 }, (_, index) => `10.244.${index >> 8}.${index & 255}`)
    await manual(
      'many-1',
      all.slice(0, 1000).map((address) => ({ addresses: [address] })),
    )
    await manual(
      'many-2',
      all.slice(1000).map((address) => ({ addresses: [address] })),
    )
    const found = await resolves('milan', 'outside', OURS, all)
    expect(found.map(({ endpoints }) => endpoints?.length).toSorted()).toEqual([100, 1000])
  })

  test('skipped takes its slices along, and brings them back', async () => {
    await manual('out-4', [{ addresses: ['10.244.200.1'] }])
    await resolves('milan', 'outside', OURS, ['10.244.200.1'])
    await home('annotate', 'service', 'outside', 'liqo.io/skip-reflection=true')
    await eventually('no slice', async () => (await slices('milan', OURS)).length === 0)
    await home('annotate', 'endpointslice', 'out-4', 'liqo.io/allow-reflection=true')
    await resolves('milan', 'outside', OURS, ['10.244.200.1'])
    await home('annotate', 'endpointslice', 'out-4', 'liqo.io/allow-reflection-')
    await eventually('no slice', async () => (await slices('milan', OURS)).length === 0)
    await home('annotate', 'service', 'outside', 'liqo.io/skip-reflection-')
    await resolves('milan', 'outside', OURS, ['10.244.200.1'])
  })
})

test('a flag that is flipped: the next sweep takes the addresses away, and brings them back', async () => {
  await apply('rome', service('outside'))
  await manual('out-4', [{ addresses: ['10.244.200.1'] }])
  await resolves('milan', 'outside', OURS, ['10.244.200.1'])
  const before = await stage.clusters.milan!.kubectl.get('service', 'outside', `${namespace}-rome`)
  expect((await redeployed({ NETWORKING_REFLECT_IPS: 'false' })).failed).toBe(0)
  expect(await slices('milan', OURS)).toEqual([])
  await redeployed({ NETWORKING_REFLECT_IPS: 'true' })
  await resolves('milan', 'outside', OURS, ['10.244.200.1'])
  // Our own network is asked for, and not negotiated: no address is known to be right.
  await redeployed({ NETWORKING_INTERNAL: 'true' })
  expect((await slices('milan', OURS)).map(({ endpoints }) => endpoints ?? [])).toEqual([[]])
  await redeployed({ NETWORKING_INTERNAL: 'false', CLUSTER_MILAN_NETWORKING_REFLECT_IPS: 'false' })
  expect(await slices('milan', OURS)).toEqual([])
  await home('annotate', 'endpointslice', 'out-4', 'a=b')
  await eventually('a Warning', async () => (await warnings('out-4')).includes('Set both alike'))
  await redeployed({ CLUSTER_MILAN_NETWORKING_REFLECT_IPS: 'true' })
  await resolves('milan', 'outside', OURS, ['10.244.200.1'])
  expect(await stage.clusters.milan!.kubectl.get('service', 'outside', `${namespace}-rome`)).toEqual(before)
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

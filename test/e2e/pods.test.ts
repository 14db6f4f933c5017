import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import type { Found } from '../../infra/local/kubectl.ts'
import { makeNode, offload } from './offload.ts'
import { type TestStage, testStage } from './stage.ts'

/** Real control planes; kwok plays the kubelets of milan, and nobody those of the virtual node in rome. */
let stage: TestStage
let namespace: string
let count = 0

const NODE = 'liqo-milan'
const NODE_IP = '10.0.0.9'

beforeAll(async () => {
  stage = await testStage({ nodes: { milan: 2 }, env: { NETWORKING_INTERNAL: 'false' } })
  await makeNode(stage)
  const status = { addresses: [{ type: 'InternalIP', address: NODE_IP }] }
  await kubectl('rome', ['patch', 'node', NODE, '--subresource=status', '-p', JSON.stringify({ status })])
})
afterAll(() => stage?.stop())

beforeEach(async () => {
  namespace = `pods-${++count}`
  await offload(stage, namespace)
})

const kubectl = (id: string, args: string[], input?: string) => stage.clusters[id]!.kubectl(args, input)
const apply = (id: string, object: object) => kubectl(id, ['apply', '-f', '-'], JSON.stringify(object))
const home = (...args: string[]) => kubectl('rome', ['-n', namespace, ...args])
const away = (...args: string[]) => kubectl('milan', ['-n', `${namespace}-rome`, ...args])
const placeIn = (id: string) => (id === 'rome' ? namespace : `${namespace}-rome`)

interface Pod extends Found {
  metadata: Found['metadata'] & { uid: string; deletionTimestamp?: string }
  spec: { containers: { image: string }[] }
  status: {
    phase: string
    podIP?: string
    hostIP?: string
    containerStatuses?: { restartCount: number }[]
    conditions?: { type: string; status: string; message?: string }[]
  }
}

async function podsIn(id: string): Promise<Pod[]> {
  return JSON.parse(await kubectl(id, ['get', 'pods', '-n', placeIn(id), '-o', 'json'])).items
}

const podIn = async (id: string, name: string) =>
  (await stage.clusters[id]!.kubectl.get('pod', name, placeIn(id))) as Pod | undefined

const running = (number: number) =>
  eventually(`${number} pods Running in both clusters`, async () => {
    const all = await Promise.all(['rome', 'milan'].map(podsIn))
    const isSo = all.every((pods) => pods.length === number && pods.every(({ status }) => status.phase === 'Running'))
    return isSo && { here: all[0]!, there: all[1]! }
  })

const template = (spec: object = {}) => ({
  metadata: { labels: { app: 'web' } },
  spec: { nodeName: NODE, containers: [{ name: 'web', image: 'registry.example/web:1' }], ...spec },
})

const deployment = (replicas: number, spec?: object) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace },
  spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: template(spec) },
})

const barePod = (spec: object = {}) => {
  const { metadata, spec: common } = template(spec)
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'web', namespace }, spec: common }
}

const warned = (pattern: RegExp) =>
  eventually(`a warning like ${pattern}`, async () => {
    const { items } = JSON.parse(await home('get', 'events', '--field-selector', 'type=Warning', '-o', 'json'))
    return items.find(({ message }: { message: string }) => pattern.test(message))
  })

test('a Deployment on the virtual node runs in the other cluster, is scaled, and goes with grace', async () => {
  await apply('rome', deployment(3))
  const { here } = await running(3)
  expect(here.every(({ status }) => status.podIP?.startsWith('10.') && status.hostIP === NODE_IP)).toBe(true)
  await home('wait', '--for=condition=Available', '--timeout=60s', 'deployment/web')
  await home('scale', 'deployment/web', '--replicas=1')
  await running(1)
  await home('delete', 'deployment', 'web')
  await eventually('nothing is left in either cluster', async () => {
    const left = [...(await podsIn('rome')), ...(await podsIn('milan'))]
    return left.length === 0 && (await away('get', 'shadowpods', '-o', 'name')).trim() === ''
  })
})

test('a rollout, and a scale from 0 to 20 to 3', async () => {
  await apply('rome', deployment(0))
  await home('scale', 'deployment/web', '--replicas=20')
  await running(20)
  await home('set', 'image', 'deployment/web', 'web=registry.example/web:2')
  await home('rollout', 'status', 'deployment/web', '--timeout=60s')
  await home('scale', 'deployment/web', '--replicas=3')
  const { there } = await running(3)
  expect(there.map(({ spec }) => spec.containers[0]?.image)).toEqual(Array(3).fill('registry.example/web:2'))
})

test('a pod that is lost in the other cluster is made again there, and has restarted at home', async () => {
  await apply('rome', deployment(1))
  const before = await running(1)
  const { name } = before.there[0]!.metadata
  await away('delete', 'pod', name, '--wait=false')
  await eventually('it runs again, restarted', async () => {
    const [here, there] = [await podIn('rome', name), await podIn('milan', name)]
    const isNew = there && there.metadata.uid !== before.there[0]!.metadata.uid
    return isNew && here?.status.containerStatuses?.[0]?.restartCount === 1 && here.status.phase === 'Running'
  })
  expect((await podIn('rome', name))?.metadata.uid).toBe(before.here[0]!.metadata.uid)
})

test('while home cannot be reached, lost pods are made again', async () => {
  await apply('rome', deployment(2))
  const before = await running(2)
  const rome = stage.clusters.rome!.cluster
  await rome.stopApiServer()
  try {
    await away('delete', 'pods', '--all', '--wait=false')
    await eventually('two other pods run in milan', async () => {
      const pods = await podsIn('milan')
      const isOther = ({ metadata }: Pod) => !before.there.some((pod) => pod.metadata.uid === metadata.uid)
      return pods.length === 2 && pods.every((pod) => isOther(pod) && pod.status.phase === 'Running')
    })
  } finally {
    await rome.startApiServer()
  }
  await stage.host.invoke('sweep', {})
  await eventually('home shows the restarts, of the same pods', async () => {
    const pods = await podsIn('rome')
    const isSame = ({ metadata }: Pod) => before.here.some((pod) => pod.metadata.uid === metadata.uid)
    return pods.every((pod) => isSame(pod) && pod.status.containerStatuses?.[0]?.restartCount === 1)
  })
})

test('a Job completes, and never runs again, whatever is deleted', async () => {
  const spec = { completions: 3, parallelism: 2, template: template({ restartPolicy: 'Never' }) }
  await apply('rome', { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'sum', namespace }, spec })
  await home('wait', '--for=condition=Complete', '--timeout=60s', 'job/sum')
  const before = await podsIn('rome')
  expect(before.map(({ status }) => status.phase)).toEqual(['Succeeded', 'Succeeded', 'Succeeded'])
  await away('delete', 'pods', '--all')
  await away('delete', 'shadowpods', '--all')
  await stage.host.invoke('sweep', {})
  await stage.host.invoke('sweep', {})
  expect(await podsIn('milan')).toEqual([])
  expect((await podsIn('rome')).map(({ metadata, status }) => [metadata.uid, status.phase])).toEqual(
    before.map(({ metadata }) => [metadata.uid, 'Succeeded']),
  )
  await home('delete', 'job', 'sum')
  await eventually('its pods are gone', async () => (await podsIn('rome')).length === 0)
})

test('a pod that no machine has taken yet goes at once when it is deleted at home', async () => {
  await kubectl('milan', ['taint', 'nodes', '--all', 'closed=yes:NoSchedule'])
  try {
    await apply('rome', barePod())
    await eventually('it is in milan', () => podIn('milan', 'web'))
    await home('delete', 'pod', 'web', '--timeout=60s')
    expect(await podsIn('milan')).toEqual([])
  } finally {
    await kubectl('milan', ['taint', 'nodes', '--all', 'closed-'])
  }
})

test('a pod with an end whose ShadowPod is lost is not run again, and has failed', async () => {
  await kubectl('milan', ['taint', 'nodes', '--all', 'closed=yes:NoSchedule'])
  try {
    await apply('rome', barePod({ restartPolicy: 'Never' }))
    await eventually('it is in milan', () => podIn('milan', 'web'))
    // No machine takes it, so that nobody but the test says what becomes of it.
    const seen = JSON.stringify({ status: { phase: 'Running' } })
    await away('patch', 'pod', 'web', '--subresource=status', '--type=merge', '-p', seen)
    await eventually('it runs', async () => (await podIn('rome', 'web'))?.status.phase === 'Running')
    await away('delete', 'shadowpod', 'web')
    await eventually('it has failed', async () => (await podIn('rome', 'web'))?.status.phase === 'Failed')
    await stage.host.invoke('sweep', {})
    expect([...(await podsIn('milan')), (await away('get', 'shadowpods', '-o', 'name')).trim()]).toEqual([''])
  } finally {
    await kubectl('milan', ['taint', 'nodes', '--all', 'closed-'])
  }
})

test('another image reaches the running pod', async () => {
  await apply('rome', barePod())
  const { there } = await running(1)
  await home('set', 'image', 'pod/web', 'web=registry.example/web:2')
  await eventually('the image in the other cluster', async () => {
    const found = await podIn('milan', 'web')
    return (
      found?.spec.containers[0]?.image === 'registry.example/web:2' && found.metadata.uid === there[0]!.metadata.uid
    )
  })
})

/** New pods with the label have an image of a registry near by, whatever was asked for. */
const NEAR = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingAdmissionPolicy',
  metadata: { name: 'near' },
  spec: {
    matchConstraints: {
      objectSelector: { matchLabels: { registry: 'near' } },
      resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    },
    reinvocationPolicy: 'Never',
    mutations: [
      {
        patchType: 'JSONPatch',
        jsonPatch: {
          expression: '[JSONPatch{op: "replace", path: "/spec/containers/0/image", value: "near.example/web:1"}]',
        },
      },
    ],
  },
}

test('an image that the other cluster has led to a registry near by stays, until home has another', async () => {
  await apply('milan', NEAR)
  const { apiVersion } = NEAR
  const binding = { apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata: { name: 'near' } }
  await apply('milan', { ...binding, spec: { policyName: 'near' } })
  const trial = ['run', 'trial', '--image=web:1', '--labels=registry=near', '--dry-run=server', '-o', 'yaml']
  await eventually('the policy holds', async () => (await away(...trial)).includes('near.example'))
  const pod = barePod()
  await apply('rome', { ...pod, metadata: { ...pod.metadata, labels: { registry: 'near' } } })
  await running(1)
  const there = async () => (await podIn('milan', 'web'))!
  await home('label', 'pod', 'web', 'tier=gold')
  await eventually('the label in milan', async () => (await there()).metadata.labels?.tier === 'gold')
  expect((await there()).spec.containers[0]?.image).toBe('near.example/web:1')
  await home('set', 'image', 'pod/web', 'web=registry.example/web:2')
  await eventually('the new image', async () => (await there()).spec.containers[0]?.image.endsWith('/web:2'))
})

test('a pod of somebody else in the other cluster is left alone, and reported', async () => {
  const theirs = { ...barePod({ nodeName: undefined }), metadata: { name: 'web', namespace: placeIn('milan') } }
  await apply('milan', theirs)
  const before = await podIn('milan', 'web')
  await apply('rome', barePod())
  await warned(/remote object already exists/)
  await home('delete', 'pod', 'web', '--timeout=60s')
  expect((await podIn('milan', 'web'))?.metadata.uid).toBe(before?.metadata.uid)
})

test('a pod that the other cluster does not admit says so at home, and runs once it does', async () => {
  await away('create', 'quota', 'none', '--hard=pods=0')
  await eventually('the quota holds', async () => (await away('get', 'quota', 'none', '-o', 'yaml')).includes('used:'))
  await apply('rome', barePod())
  await warned(/exceeded quota/)
  await eventually('the condition', async () => {
    const { conditions = [] } = (await podIn('rome', 'web'))?.status ?? {}
    return conditions.some(
      ({ type, message }) => type === 'offloading.heliograph.io/Refused' && /quota/.test(message ?? ''),
    )
  })
  await away('delete', 'quota', 'none')
  await stage.host.invoke('sweep', {})
  await running(1)
  const { conditions = [] } = (await podIn('rome', 'web'))!.status
  expect(conditions.map(({ type }) => type)).not.toContain('offloading.heliograph.io/Refused')
})

test('a pod with a long name, a host network and variables twice runs; what it does not get is told', async () => {
  const name = `w${'.eb'.repeat(84)}`
  const env = [
    { name: 'A', value: '1' },
    { name: 'A', value: '2' },
  ]
  const containers = [{ name: 'web', image: 'registry.example/web:1', env }]
  await apply('rome', { ...barePod({ hostNetwork: true, containers }), metadata: { name, namespace } })
  await running(1)
  await warned(/hostNetwork is left out/)
  await home('delete', 'pod', name, '--timeout=60s')
  expect(await podsIn('milan')).toEqual([])
})

test('gated pods run with no node at all', async () => {
  const gates = { nodeName: undefined, schedulingGates: [{ name: 'offloading.heliograph.io/milan' }] }
  await apply('rome', deployment(2, gates))
  await running(2)
  await home('wait', '--for=condition=Available', '--timeout=60s', 'deployment/web')
  await home('scale', 'deployment/web', '--replicas=0')
  await eventually('they are gone', async () => [...(await podsIn('rome')), ...(await podsIn('milan'))].length === 0)
})

test('when the namespace is no longer offloaded its pods are given up', async () => {
  await apply('rome', barePod())
  await running(1)
  await home('delete', 'nsof', 'offloading')
  await eventually('the pod has failed', async () => (await podIn('rome', 'web'))?.status.phase === 'Failed')
  await home('delete', 'pod', 'web', '--timeout=60s')
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { makeNode, offload } from './offload.ts'
import { type TestStage, testStage } from './stage.ts'

/** Claims between real schedulers and volume controllers; milan's volumes are made by hand, as a provisioner would. */
const NODE = 'liqo-milan'

/** Without a node for milan no scheduler tells where a claim belongs. */
const MODES = [
  {
    mode: 'gate',
    env: { OFFLOADING_MODE: 'gate', NETWORKING_REFLECT_IPS: 'false' },
    placement: { schedulingGates: [{ name: 'offloading.heliograph.io/milan' }] },
  },
  {
    mode: 'virtual-node',
    env: { OFFLOADING_MODE: 'virtual-node', NETWORKING_REFLECT_IPS: 'true' },
    placement: { tolerations: [{ operator: 'Exists' }] },
  },
]

let stage: TestStage
beforeAll(async () => {
  const env = { NETWORKING_INTERNAL: 'false', CLUSTER_MILAN_STORAGE_CLASS: 'disk', ...MODES[0]!.env }
  stage = await testStage({ nodes: { milan: 1 }, env })
})
afterAll(() => stage?.stop())

const kubectl = (id: string, args: string[], input?: string) => stage.clusters[id]!.kubectl(args, input)
const apply = (id: string, object: object) => kubectl(id, ['apply', '-f', '-'], JSON.stringify(object))

/** A node that takes pods, as the function of nodes would make it. */
async function makeReadyNode(): Promise<void> {
  await makeNode(stage)
  const room = { cpu: '10', memory: '10Gi', pods: '10' }
  const ready = [{ type: 'Ready', status: 'True', lastHeartbeatTime: new Date(), lastTransitionTime: new Date() }]
  const status = { capacity: room, allocatable: room, conditions: ready }
  await kubectl('rome', ['patch', 'node', NODE, '--subresource=status', '-p', JSON.stringify({ status })])
  await kubectl('rome', ['taint', 'node', NODE, 'node.kubernetes.io/not-ready-']).catch(() => {})
}

/** What milan's provisioner would do. */
function disk(name: string) {
  const spec = {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'disk',
    hostPath: { path: '/tmp/disk' },
  }
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name }, spec }
}

function statefulSet(namespace: string, placement: object) {
  const resources = { requests: { storage: '1Gi' } }
  const claim = { accessModes: ['ReadWriteOnce'], storageClassName: 'liqo', resources }
  const container = { name: 'db', image: 'registry.example/db:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] }
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace },
    spec: {
      selector: { matchLabels: { app: 'db' } },
      serviceName: 'db',
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }],
      template: { metadata: { labels: { app: 'db' } }, spec: { containers: [container], ...placement } },
    },
  }
}

function deployment(namespace: string, placement: object) {
  const { serviceName: _, volumeClaimTemplates: __, ...spec } = statefulSet(namespace, placement).spec
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }]
  const template = { ...spec.template, spec: { ...spec.template.spec, volumes } }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'db', namespace }, spec: { ...spec, template } }
}

interface Claim {
  metadata: { uid: string }
  spec: { storageClassName?: string; volumeName?: string }
  status: { phase?: string }
}

describe.each(MODES)('offloading by $mode', ({ mode, env, placement }) => {
  const namespace = `shop-${mode}`
  const home = (...args: string[]) => kubectl('rome', ['-n', namespace, ...args])
  const claimIn = (id: string, name = 'data-db-0') => {
    const found = stage.clusters[id]!.kubectl.get('pvc', name, id === 'rome' ? namespace : `${namespace}-rome`)
    return found as unknown as Promise<Claim | undefined>
  }

  beforeAll(async () => {
    if (mode === 'virtual-node') await makeReadyNode()
    await stage.redeploy(env)
    await offload(stage, namespace)
  })

  test('a StatefulSet with a claim runs elsewhere with its volume there, and both go with the claim', async () => {
    await apply('milan', disk(`disk-${mode}`))
    await apply('rome', statefulSet(namespace, placement))
    const both = await eventually('the claim is bound on both sides', async () => {
      const [here, there] = [await claimIn('rome'), await claimIn('milan')]
      return here?.status.phase === 'Bound' && there?.status.phase === 'Bound' && { here, there }
    })
    expect(both.there.spec).toMatchObject({ storageClassName: 'disk', volumeName: `disk-${mode}` })
    expect(both.here.spec.volumeName).toBe(`pvc-${both.here.metadata.uid}`)
    await home('wait', '--for=condition=Ready', '--timeout=60s', 'pod/db-0')
    await home('delete', 'statefulset', 'db', '--timeout=60s')
    await home('delete', 'pvc', 'data-db-0', '--timeout=60s')
    await eventually('nothing is left', async () => {
      const volumes = (await kubectl('rome', ['get', 'pv', '-o', 'name'])).trim()
      return volumes === '' && (await claimIn('milan')) === undefined
    })
  })
  test('the claim of a pod that a controller names is met, and one made anew gets nothing that the former held', async () => {
    const { metadata, spec } = statefulSet(namespace, placement).spec.volumeClaimTemplates[0]!
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { ...metadata, namespace }, spec }
    const isThere = async (not?: string) => {
      const uid = (await claimIn('milan', 'data'))?.metadata.uid
      return uid !== not && uid
    }
    await apply('rome', claim)
    await apply('rome', deployment(namespace, placement))
    const first = await eventually('the claim in milan', isThere)
    await home('delete', 'deployment', 'db', '--timeout=60s')
    await home('wait', '--for=delete', 'pod', '--all', '--timeout=60s')
    await stage.functionsDown()
    try {
      await home('delete', 'pvc', 'data', '--timeout=60s')
      await apply('rome', claim)
    } finally {
      await stage.functionsUp()
    }
    await apply('rome', deployment(namespace, placement))
    await eventually('another claim in milan', () => isThere(first))
    const uid = await home('get', 'pvc', 'data', '-o', 'jsonpath={.metadata.uid}')
    await eventually('its volume at home', () => stage.clusters.rome!.kubectl.get('pv', `pvc-${uid}`))
    await home('delete', 'deployment', 'db', '--timeout=60s')
    await home('delete', 'pvc', 'data', '--timeout=60s')
    await eventually('nothing is left', async () => (await claimIn('milan', 'data')) === undefined)
  })
})

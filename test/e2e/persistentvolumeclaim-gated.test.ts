import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { type TestStage, testStage } from './stage.ts'

/** Claims of gated pods: no node stands for milan, so that no scheduler tells where a claim belongs. */
let stage: TestStage

beforeAll(async () => {
  stage = await testStage({
    nodes: { milan: 1 },
    env: {
      OFFLOADING_MODE: 'gate',
      NETWORKING_INTERNAL: 'false',
      NETWORKING_REFLECT_IPS: 'false',
      CLUSTER_MILAN_STORAGE_CLASS: 'disk',
    },
  })
  await kubectl('rome', ['create', 'namespace', 'shop'])
  const metadata = { name: 'offloading', namespace: 'shop' }
  await apply('rome', { apiVersion: 'offloading.liqo.io/v1beta1', kind: 'NamespaceOffloading', metadata, spec: {} })
  await eventually('shop is ready', async () => {
    const found = await stage.clusters.rome!.kubectl.get('nsof', 'offloading', 'shop')
    return (found?.status as { offloadingPhase?: string } | undefined)?.offloadingPhase === 'Ready'
  })
})
afterAll(() => stage?.stop())

const kubectl = (id: string, args: string[], input?: string) => stage.clusters[id]!.kubectl(args, input)
const apply = (id: string, object: object) => kubectl(id, ['apply', '-f', '-'], JSON.stringify(object))

interface Claim {
  metadata: { uid: string }
  spec: { storageClassName?: string; volumeName?: string }
  status: { phase?: string }
}

const claimIn = (id: string, name: string) =>
  stage.clusters[id]!.kubectl.get('pvc', name, id === 'rome' ? 'shop' : 'shop-rome') as unknown as Promise<
    Claim | undefined
  >

/** What milan's provisioner would do. */
function disk(name: string) {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'disk',
      hostPath: { path: '/tmp/disk' },
    },
  }
}

test('a gated StatefulSet with a claim runs elsewhere with its volume there, and both go with the claim', async () => {
  await apply('milan', disk('disk-0'))
  const resources = { requests: { storage: '1Gi' } }
  const claim = { accessModes: ['ReadWriteOnce'], storageClassName: 'liqo', resources }
  const container = { name: 'db', image: 'registry.example/db:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] }
  await apply('rome', {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: 'db' } },
      serviceName: 'db',
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }],
      template: {
        metadata: { labels: { app: 'db' } },
        spec: { containers: [container], schedulingGates: [{ name: 'offloading.heliograph.io/milan' }] },
      },
    },
  })
  const both = await eventually('the claim is bound on both sides', async () => {
    const [here, there] = [await claimIn('rome', 'data-db-0'), await claimIn('milan', 'data-db-0')]
    return here?.status.phase === 'Bound' && there?.status.phase === 'Bound' && { here, there }
  })
  expect(both.there.spec).toMatchObject({ storageClassName: 'disk', volumeName: 'disk-0' })
  expect(both.here.spec.volumeName).toBe(`pvc-${both.here.metadata.uid}`)
  await kubectl('rome', ['-n', 'shop', 'wait', '--for=condition=Ready', '--timeout=60s', 'pod/db-0'])
  await kubectl('rome', ['-n', 'shop', 'delete', 'statefulset', 'db', '--timeout=60s'])
  await kubectl('rome', ['-n', 'shop', 'delete', 'pvc', 'data-db-0', '--timeout=60s'])
  await eventually('nothing is left', async () => {
    const volumes = (await kubectl('rome', ['get', 'pv', '-o', 'name'])).trim()
    return volumes === '' && (await claimIn('milan', 'data-db-0')) === undefined
  })
})

import { beforeEach, expect, test } from 'vitest'
import { UnreachableError } from '../../lib/cluster/errors.ts'
import {
  CONFIGMAP,
  DEPLOYMENT,
  EVENT,
  LEASE,
  NAMESPACE,
  NODE,
  POD,
  STORAGE_CLASS,
} from '../../lib/cluster/resources.ts'
import type { Peering } from '../../lib/reflect/peering.ts'
import { type MemoryCluster, memoryCluster } from '../../test/support/memory-cluster.ts'
import { twoClusters } from '../../test/support/two-clusters.ts'
import { stepsOf } from './parts.ts'
import { inventoryText } from './plan.ts'
import { takeInventory, uninstall } from './uninstall.ts'
import { variablesOf } from './variables.ts'

const MARKS = { 'offloading.liqo.io/origin': 'rome', 'offloading.liqo.io/destination': 'milan' }
const OTHERS = { 'offloading.liqo.io/origin': 'turin', 'offloading.liqo.io/destination': 'milan' }
const TO_TURIN = { 'offloading.liqo.io/destination': 'turin' }
const OURS = { 'app.kubernetes.io/managed-by': 'heliograph' }

const ROLE_BINDING = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural: 'rolebindings',
  kind: 'RoleBinding',
  namespaced: true,
}

let rome: MemoryCluster
let milan: MemoryCluster
let peering: Peering
beforeEach(() => {
  rome = memoryCluster({ id: 'rome', namespaceDeletion: 'immediate' })
  milan = memoryCluster({ id: 'milan', namespaceDeletion: 'immediate' })
  peering = { ...twoClusters().peering, home: rome, remote: milan }
  const home = 'heliograph.io/home-namespace'
  rome.user.create(NAMESPACE, { metadata: { name: 'shop' } })
  rome.user.create(NODE, { metadata: { name: 'liqo-milan', labels: MARKS } })
  rome.user.create(NODE, { metadata: { name: 'worker' } })
  milan.user.create(NAMESPACE, { metadata: { name: 'shop-rome', labels: { ...MARKS, [home]: 'shop' } } })
  milan.user.create(NAMESPACE, { metadata: { name: 'shop-turin', labels: { ...OTHERS, [home]: 'shop' } } })
  milan.user.create(NAMESPACE, { metadata: { name: 'marked', labels: MARKS } })
  milan.user.create(CONFIGMAP, { metadata: { name: 'settings', namespace: 'shop-rome', labels: MARKS } })
})

const run = () => uninstall(stepsOf([peering]), () => {}, 1000)
/** Clusters whose namespaces lose the label of the admission webhook. */
const labelled = (steps: ReturnType<typeof stepsOf>) =>
  steps.flat().flatMap(({ how, cluster }) => (how === 'unlabel' ? [cluster.id] : []))
/** Names of what is deleted there from now on, in order. */
function deletionsInRome(): readonly string[] {
  const deleted: string[] = []
  rome.intercept = ({ verb, resource, name }) => {
    if (verb === 'delete') deleted.push(`${resource.plural}/${name}`)
    return undefined
  }
  return deleted
}
const namesIn = (cluster: MemoryCluster, resource: typeof NODE) =>
  cluster.all(resource).map(({ metadata }) => metadata.name)

test('what bears the marks of the peering goes, and nothing like it', async () => {
  const { found } = await takeInventory(stepsOf([peering]))
  expect(found.map(({ part, names }) => `${part.cluster.id} ${part.what} ${names}`)).toEqual([
    'milan namespaces shop-rome',
    'milan configmaps shop-rome/settings',
    'rome virtual nodes liqo-milan',
  ])
  await run()
  expect((await takeInventory(stepsOf([peering]))).found).toEqual([])
  expect(namesIn(rome, NODE)).toEqual(['worker'])
  expect(namesIn(milan, NAMESPACE)).toEqual(expect.arrayContaining(['marked', 'shop-turin']))
  expect(namesIn(milan, NAMESPACE)).not.toContain('shop-rome')
})

test('gated pods of home end, as nothing else would end them; others stay', async () => {
  const gated = (name: string, cluster: string) =>
    rome.user.create(POD, {
      metadata: { name, namespace: 'shop' },
      spec: { schedulingGates: [{ name: `offloading.heliograph.io/${cluster}` }] },
      status: { phase: 'Pending' },
    })
  gated('to-milan', 'milan')
  gated('to-turin', 'turin')
  await run()
  expect(namesIn(rome, POD)).toEqual(['to-turin'])
})

test('a peering that has ended goes alone: clusters of others keep what they need', async () => {
  rome.user.create(NODE, { metadata: { name: 'liqo-turin', labels: { ...MARKS, ...TO_TURIN } } })
  for (const cluster of [rome, milan]) {
    cluster.user.create(NAMESPACE, { metadata: { name: 'heliograph', labels: OURS } })
    cluster.user.create(STORAGE_CLASS, { metadata: { name: 'liqo', labels: OURS } })
  }
  const steps = stepsOf([peering], [{ home: 'rome', remote: 'turin' }])
  expect(labelled(steps)).toEqual([])
  await uninstall(steps, () => {}, 1000)
  expect(namesIn(rome, NODE)).toEqual(['liqo-turin', 'worker'])
  expect([namesIn(rome, STORAGE_CLASS), namesIn(milan, STORAGE_CLASS)]).toEqual([['liqo'], []])
  expect(namesIn(rome, NAMESPACE)).toContain('heliograph')
  expect(namesIn(milan, NAMESPACE)).not.toContain('heliograph')

  const asRemote = stepsOf([peering], [{ home: 'turin', remote: 'rome' }])
  expect(labelled(asRemote)).toEqual(['rome'])
  await uninstall(asRemote, () => {}, 1000)
  expect(namesIn(rome, STORAGE_CLASS)).toEqual(['liqo'])
})

test('an object that changes meanwhile is looked at again, and left alone when it is not ours any more', async () => {
  const changed = new Set<string>()
  rome.intercept = ({ verb, name }) => {
    if (verb === 'delete' && !changed.has(name)) {
      changed.add(name)
      rome.user.edit(NODE, { name }, ({ metadata }) => {
        metadata.labels = name === 'adopted' ? OTHERS : { ...metadata.labels, more: 'x' }
      })
    }
    return undefined
  }
  rome.user.create(NODE, { metadata: { name: 'adopted', labels: MARKS } })
  await run()
  expect([...changed].toSorted()).toEqual(['adopted', 'liqo-milan'])
  expect(namesIn(rome, NODE)).toEqual(['adopted', 'worker'])
})

test('what sets a cluster up goes last, after the agents; all of one cluster for all its peerings once', async () => {
  rome.user.create(NAMESPACE, { metadata: { name: 'heliograph', labels: OURS } })
  rome.user.create(DEPLOYMENT, { metadata: { name: 'heliograph-gateway', namespace: 'heliograph', labels: OURS } })
  rome.user.create(STORAGE_CLASS, { metadata: { name: 'liqo', labels: OURS } })
  rome.user.create(NAMESPACE, { metadata: { name: 'kube-node-lease' } })
  rome.user.create(LEASE, { metadata: { name: 'liqo-milan', namespace: 'kube-node-lease', labels: MARKS } })
  rome.user.create(EVENT, { metadata: { name: 'pulled', namespace: 'shop', labels: MARKS } })
  const deleted = deletionsInRome()
  await run()
  expect(deleted).toEqual([
    'nodes/liqo-milan',
    'leases/liqo-milan',
    'events/pulled',
    'deployments/heliograph-gateway',
    'namespaces/heliograph',
    'storageclasses/liqo',
  ])
})

test('the functions lose their rights before all else, the agents theirs when they are gone', async () => {
  const binding = (name: string, subject: object) =>
    rome.user.create(ROLE_BINDING, {
      metadata: { name, namespace: 'shop', labels: OURS },
      subjects: [subject],
    })
  binding('heliograph-gateway', { kind: 'ServiceAccount', name: 'heliograph-gateway', namespace: 'heliograph' })
  binding('heliograph-node', { kind: 'Group', name: 'heliograph' })
  rome.user.create(DEPLOYMENT, { metadata: { name: 'heliograph-gateway', namespace: 'shop', labels: OURS } })
  const deleted = deletionsInRome()
  await run()
  expect(deleted).toEqual([
    'rolebindings/heliograph-node',
    'nodes/liqo-milan',
    'deployments/heliograph-gateway',
    'rolebindings/heliograph-gateway',
  ])
})

test('what is made again while it goes, goes again', async () => {
  let times = 0
  rome.intercept = ({ verb, resource }) => {
    if (
      verb === 'list' &&
      resource.kind === 'Node' &&
      !rome.all(NODE).some(({ metadata }) => metadata.labels) &&
      ++times <= 2
    )
      rome.user.create(NODE, { metadata: { name: 'liqo-milan', labels: MARKS } })
    return undefined
  }
  await run()
  expect([times, namesIn(rome, NODE)]).toEqual([3, ['worker']])
})

test('a cluster that does not answer hinders the other in nothing, and what remains is told', async () => {
  milan.intercept = () => ({ error: new UnreachableError('milan', 'no answer') })
  await run()
  expect(namesIn(rome, NODE)).toEqual(['worker'])
  const after = await takeInventory(stepsOf([peering]))
  expect(after.found).toEqual([])
  expect(inventoryText(after).split('\n').slice(0, 4)).toEqual([
    'milan: what is there remains. Run this again when it answers, or there, in this order:',
    '  cluster milan: no answer',
    "  kubectl delete mutatingwebhookconfigurations.admissionregistration.k8s.io --selector 'app.kubernetes.io/managed-by=heliograph'",
    "  kubectl delete validatingwebhookconfigurations.admissionregistration.k8s.io --selector 'app.kubernetes.io/managed-by=heliograph'",
  ])
})

test('a cluster whose access the environment tells is reached by that alone, and secrets where the stage is', () => {
  const environment = {
    CLUSTERS: 'rome,milan',
    CLUSTER_ROME_SERVER: 'https://rome',
    CLUSTER_ROME_TOKEN: 'ssm:rome',
    CLUSTER_ROME_LABELS: 'a=b',
    CLUSTER_MILAN_SERVER: 'https://milan',
  }
  const env = { CLUSTER_ROME_KUBECONFIG: '/kube/rome', AWS_REGION: 'eu-north-1' }
  expect(variablesOf({ region: 'eu-west-1', environment }, env)).toEqual({
    AWS_REGION: 'eu-west-1',
    CLUSTERS: 'rome,milan',
    CLUSTER_ROME_KUBECONFIG: '/kube/rome',
    CLUSTER_ROME_LABELS: 'a=b',
    CLUSTER_MILAN_SERVER: 'https://milan',
  })
})

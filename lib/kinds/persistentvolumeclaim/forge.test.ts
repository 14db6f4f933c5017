import { expect, test } from 'vitest'
import { shopContext } from '../../../test/support/context.ts'
import type { KubeObject } from '../../cluster/port.ts'
import type { Context, Found } from '../kind.ts'
import { adaptedClaim, remoteClaim } from './forge.ts'
import { selectClaim } from './select.ts'

const context: Context = { ...shopContext, storage: { virtualClass: 'liqo', remoteClass: 'gp3' } }
const labels = { 'offloading.liqo.io/origin': 'rome', 'offloading.liqo.io/destination': 'milan' }
const provisioned = {
  'volume.kubernetes.io/selected-node': 'liqo-milan',
  'volume.kubernetes.io/storage-provisioner': 'liqo.io/storage',
}
const resources = { requests: { storage: '1Gi' } }
const spec = { accessModes: ['ReadWriteOnce'], resources, storageClassName: 'liqo' }

function claim(fields: Record<string, unknown> = {}, annotations: Record<string, string> = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'shop', annotations: { ...provisioned, ...annotations } },
    spec: { ...spec, ...fields },
  }
}

const copy = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'shop-rome', labels },
  spec: { ...spec, storageClassName: 'gp3', volumeMode: 'Filesystem' },
}

test.each<{ name: string; given: KubeObject; storage?: Context['storage']; want: object }>([
  { name: 'in the class of the remote cluster', given: claim(), want: copy },
  {
    name: 'in its default class',
    given: claim(),
    storage: {},
    want: { ...copy, spec: { accessModes: ['ReadWriteOnce'], resources, volumeMode: 'Filesystem' } },
  },
  {
    name: 'what belongs to home stays there, what is unknown travels',
    given: claim({ dataSource: { kind: 'VolumeSnapshot', name: 's' }, selector: {}, volumeMode: 'Block', later: 1 }),
    want: { ...copy, spec: { ...copy.spec, volumeMode: 'Block', later: 1 } },
  },
])('remoteClaim: $name', ({ given, storage, want }) => {
  expect(remoteClaim(given, { ...context, ...(storage && { storage }) })).toEqual(want)
})

test('a claim that is there keeps its class', () => {
  const target = { ...copy, spec: { ...copy.spec, storageClassName: 'io2', volumeName: 'v' } }
  expect(adaptedClaim(copy, target)).toEqual({ ...copy, spec: { ...copy.spec, storageClassName: 'io2' } })
})

const there: Found = {
  nodes: [
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', labels: { 'liqo.io/remote-cluster-id': 'milan' } } },
  ],
  classes: [
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'liqo' },
      volumeBindingMode: 'WaitForFirstConsumer',
    },
  ],
}
const stays = (why: string) => ({ reflect: false, keep: true, quiet: true, why })
const elsewhere = there.nodes!.map((node) => ({
  ...node,
  metadata: { name: 'n', labels: { 'liqo.io/remote-cluster-id': 'turin' } },
}))

test.each<{ name: string; given: KubeObject; found?: Found; want: object }>([
  { name: 'on a node of the cluster', given: claim(), want: { reflect: true } },
  { name: 'bound', given: claim({ volumeName: 'pvc-1' }), want: stays('the claim is bound') },
  {
    name: 'of another provisioner',
    given: claim({}, { 'volume.kubernetes.io/storage-provisioner': 'ebs.csi.aws.com' }),
    want: stays('another provisioner provides the volume'),
  },
  { name: 'of another class', given: claim({ storageClassName: 'gp3' }), want: stays('the class is another one') },
  {
    name: 'the older annotation names the class',
    given: claim({}, { 'volume.beta.kubernetes.io/storage-class': 'gp3' }),
    want: stays('the class is another one'),
  },
  {
    name: 'no node yet',
    given: claim({}, { 'volume.kubernetes.io/selected-node': '' }),
    want: stays('no node is selected yet'),
  },
  {
    name: 'a class that is not there',
    given: claim(),
    found: { ...there, classes: [] },
    want: stays('the class binds at once'),
  },
  {
    name: 'a node that is not there',
    given: claim(),
    found: { ...there, nodes: [] },
    want: { reflect: false, keep: true, fault: true, why: 'failed to get target node: node "liqo-milan" not found' },
  },
  {
    name: 'a node of another cluster',
    given: claim(),
    found: { ...there, nodes: elsewhere },
    want: stays('the node stands for another cluster'),
  },
])('selectClaim: $name', ({ given, found = there, want }) => {
  expect(selectClaim(given, context, found)).toEqual(want)
})

const gated = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'db-0' },
  spec: {
    schedulingGates: [{ name: 'offloading.heliograph.io/milan' }],
    volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }],
  },
}
const unplaced = { ...claim(), metadata: { name: 'data', namespace: 'shop' } }
const late = { ...there.classes![0]!, provisioner: 'liqo.io/storage' }

test.each<{ name: string; found: Found; want: object }>([
  { name: 'that a pod gated for the cluster uses', found: { classes: [late], pods: [gated] }, want: { reflect: true } },
  { name: 'that no such pod uses', found: { classes: [late] }, want: stays('no node is selected yet') },
  {
    name: 'of another provisioner',
    found: { classes: there.classes!, pods: [gated] },
    want: stays('another provisioner provides the volume'),
  },
])('selectClaim: a claim without a node $name', ({ found, want }) => {
  expect(selectClaim(unplaced, context, found)).toEqual(want)
})

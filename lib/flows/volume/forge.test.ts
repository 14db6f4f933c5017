import { expect, test } from 'vitest'
import type { KubeObject } from '../../cluster/port.ts'
import { isSpent } from './forge.ts'

const annotations = { 'pv.kubernetes.io/provisioned-by': 'liqo.io/storage' }
const claimRef = { namespace: 'shop', name: 'data', uid: 'c1' }
const claim: KubeObject = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', uid: 'c1' } }

function volume(spec: Record<string, unknown> = {}, metadata: Partial<KubeObject['metadata']> = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'pvc-c1', annotations, ...metadata },
    spec: { claimRef, persistentVolumeReclaimPolicy: 'Delete', ...spec },
  }
}

test.each<{ name: string; given: KubeObject; claim?: KubeObject; want: boolean }>([
  { name: 'its claim is there', given: volume(), claim, want: false },
  { name: 'its claim is gone', given: volume(), want: true },
  {
    name: 'another claim of the name',
    given: volume(),
    claim: { ...claim, metadata: { name: 'data', uid: 'c2' } },
    want: true,
  },
  { name: 'the class keeps it', given: volume({ persistentVolumeReclaimPolicy: 'Retain' }), want: false },
  { name: 'it is going already', given: volume({}, { deletionTimestamp: '2026-01-01T00:00:00Z' }), want: false },
  { name: 'somebody else made it', given: volume({}, { annotations: {} }), want: false },
])('isSpent: $name', ({ given, claim: there, want }) => {
  expect(isSpent(given, there)).toBe(want)
})

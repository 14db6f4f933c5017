/**
 * `node test/upgrade/record.ts NAME`: keeps how objects of every kind look when this version has made them, in
 * `forms/NAME.json`. Versions to come have to understand them. Files of earlier versions stay.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CONFIGMAP,
  ENDPOINT_SLICE,
  EVENT,
  INGRESS,
  PERSISTENT_VOLUME_CLAIM,
  POD,
  SECRET,
  SERVICE,
  STORAGE_CLASS,
} from '../../lib/cluster/resources.ts'
import { sweep } from '../../lib/flows/sweep/flow.ts'
import { addVirtualNode, homePod } from '../support/pods.ts'
import { offload, type TwoClusters } from '../support/two-clusters.ts'
import { formOf, upgradeWorld } from './form.ts'

const named = (name: string) => ({ name, namespace: 'shop' })

/** One object of every kind, as people of rome make them. */
function furnish(world: TwoClusters): void {
  const { create } = world.rome.user
  const port = { name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }
  create(CONFIGMAP, { metadata: { ...named('settings'), labels: { app: 'web' } }, data: { greeting: 'Buongiorno' } })
  create(SECRET, { metadata: named('database'), type: 'Opaque', data: { url: 'cG9zdGdyZXM=' } })
  create(SERVICE, { metadata: named('web'), spec: { type: 'ClusterIP', selector: { app: 'web' }, ports: [port] } })
  create(INGRESS, {
    metadata: named('web'),
    spec: { defaultBackend: { service: { name: 'web', port: { name: 'http' } } } },
  })
  create(ENDPOINT_SLICE, {
    metadata: { ...named('web-1'), labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.244.0.7'], conditions: { ready: true }, nodeName: 'worker' }],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  })
  create(PERSISTENT_VOLUME_CLAIM, {
    metadata: {
      ...named('data'),
      annotations: {
        'volume.kubernetes.io/selected-node': 'liqo-milan',
        'volume.kubernetes.io/storage-provisioner': 'liqo.io/storage',
      },
    },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'liqo' },
  })
  create(POD, homePod())
}

/** The name is what milan tells of. */
function tell(world: TwoClusters): void {
  world.milan.user.create(EVENT, {
    metadata: { name: 'web.1', namespace: 'shop-rome' },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: 'shop-rome' },
    type: 'Normal',
    reason: 'Pulled',
    message: 'pulled',
    count: 1,
  })
}

export async function settled(world: TwoClusters): Promise<void> {
  for (let before = -1; before !== world.rome.changes.length + world.milan.changes.length; ) {
    before = world.rome.changes.length + world.milan.changes.length
    await sweep([world.peering], { deleteBudget: 0, reportOnly: false, log: world.peering.log })
  }
}

const [name] = process.argv.slice(2)
if (import.meta.main && name !== undefined) {
  const world = upgradeWorld()
  addVirtualNode(world)
  world.rome.user.create(STORAGE_CLASS, {
    metadata: { name: 'liqo' },
    provisioner: 'liqo.io/storage',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
  })
  await offload(world)
  furnish(world)
  await settled(world)
  tell(world)
  await settled(world)
  const file = join(import.meta.dirname, 'forms', `${name}.json`)
  await writeFile(file, `${JSON.stringify(formOf(world), null, 2)}\n`)
}

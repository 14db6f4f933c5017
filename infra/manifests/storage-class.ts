import type { KubeObject } from '../../lib/cluster/port.ts'
import { managed } from '../../lib/flows/network/names.ts'

/**
 * For a home cluster: claims of this class get their volume in the cluster where their pod runs. With `reclaimPolicy:
 * Retain` the home volume would stay; the remote claim goes with the home one.
 * @param name as VIRTUAL_STORAGE_CLASS says
 */
export function storageClass(name: string): KubeObject {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name, labels: managed() },
    provisioner: 'liqo.io/storage',
    volumeBindingMode: 'WaitForFirstConsumer',
    reclaimPolicy: 'Delete',
  }
}

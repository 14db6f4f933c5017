import type { KubeObject } from '../../cluster/port.ts'
import { mapOf } from '../../kinds/json.ts'
import type { Context } from '../../kinds/kind.ts'
import { filled, marks } from '../../kinds/meta.ts'
import { PROVISIONER } from '../../kinds/persistentvolumeclaim/select.ts'
import { HOME_NAMESPACE } from '../../reflect/pairs.ts'
import { REMOTE_CLUSTER } from '../node/name.ts'

/** Annotation of a volume: who made it, and so has to remove it. */
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by'

/** Nothing is ever mounted there: the pods of the volume run elsewhere. Liqo's constant. */
const PLACEHOLDER = '/tmp/liqo-placeholder'

/** Name of the home volume of a claim, e.g. `pvc-5b0c2f1e-aaaa-4bbb-8ccc-000000000001`. */
export function volumeName(claim: KubeObject): string {
  return `pvc-${claim.metadata.uid ?? ''}`
}

/**
 * The home volume of a claim whose data is in the remote cluster: pods that use it are scheduled to that cluster's
 * virtual node. Home's own controller binds the claim to it by its claimRef. Source of the rule: Liqo v1.2,
 * `pkg/virtualKubelet/reflection/storage`; a Block claim gets a Block volume, which alone can be bound to it.
 * @param storageClass the claim's
 */
export function homeVolume(claim: KubeObject, storageClass: KubeObject, context: Context): KubeObject {
  const { accessModes, resources, volumeMode } = mapOf(claim.spec)
  const { name, namespace, uid, resourceVersion } = claim.metadata
  const matchExpressions = [{ key: REMOTE_CLUSTER, operator: 'In', values: [context.remote] }]
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volumeName(claim),
      labels: { ...marks(context), [HOME_NAMESPACE]: context.homeNamespace },
      annotations: { [PROVISIONED_BY]: PROVISIONER },
    },
    spec: {
      capacity: { storage: mapOf(mapOf(resources).requests).storage },
      hostPath: { path: PLACEHOLDER },
      ...filled({ accessModes, volumeMode: volumeMode === 'Block' ? volumeMode : undefined }),
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name,
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } },
    },
  }
}

/**
 * Whether a volume of ours has had its day: its claim is gone, or another one has its name by now, and the class does
 * not ask to keep it. Its own cluster cannot remove it, for the provisioner is ours.
 */
export function isSpent(volume: KubeObject, claim: KubeObject | undefined): boolean {
  const { claimRef, persistentVolumeReclaimPolicy } = mapOf(volume.spec)
  const isOurs = volume.metadata.annotations?.[PROVISIONED_BY] === PROVISIONER
  const isClaimed = claim !== undefined && claim.metadata.uid === mapOf(claimRef).uid
  return isOurs && !isClaimed && !volume.metadata.deletionTimestamp && persistentVolumeReclaimPolicy === 'Delete'
}

import type { KubeObject } from '../../cluster/port.ts'
import { mapOf } from '../json.ts'
import type { Context } from '../kind.ts'
import { filled, marks } from '../meta.ts'
import { editedPodSpec } from '../pod/edits.ts'
import { withUniqueKeys } from './unique.ts'

/** Label of a pod that was made for a ShadowPod. */
export const MANAGED_BY = 'liqo.io/managed-by'
export const MANAGER = 'shadowpod'

/**
 * The Pod to apply for a ShadowPod: its labels, annotations and spec, owned by it, so that the cluster itself removes
 * the pod with it. Source of the rules: Liqo v1.2, `pkg/liqo-controller-manager/offloading/shadowpod-controller`.
 */
export function podOf(shadow: KubeObject, context: Context): KubeObject {
  const { name, uid = '', labels, annotations } = shadow.metadata
  const owner = { apiVersion: shadow.apiVersion, kind: shadow.kind, name, uid }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: context.remoteNamespace,
      labels: { ...labels, [MANAGED_BY]: MANAGER, ...marks(context) },
      ...filled({ annotations }),
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    },
    spec: withUniqueKeys(mapOf(mapOf(shadow.spec).pod)),
  }
}

/** What an existing Pod takes of it: its metadata, and the edits that a pod allows. */
export function editedPod(desired: KubeObject, target: KubeObject): KubeObject {
  return { ...desired, spec: editedPodSpec(target.spec, desired.spec) }
}

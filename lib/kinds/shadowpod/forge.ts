import type { KubeObject } from '../../cluster/port.ts'
import { digest } from '../../reflect/stamp.ts'
import { mapOf } from '../json.ts'
import type { Context } from '../kind.ts'
import { marks } from '../meta.ts'
import { editedPodSpec } from '../pod/edits.ts'
import { withUniqueKeys } from './unique.ts'

/** Label of a pod that was made for a ShadowPod. */
export const MANAGED_BY = 'liqo.io/managed-by'
export const MANAGER = 'shadowpod'

/** Annotation of such a pod: digest of the spec that it was last given. */
export const SPEC_DIGEST = 'heliograph.io/spec-digest'

/**
 * The Pod to apply for a ShadowPod: its labels, annotations and spec, owned by it, so that the cluster itself removes
 * the pod with it. Source of the rules: Liqo v1.2, `pkg/liqo-controller-manager/offloading/shadowpod-controller`.
 */
export function podOf(shadow: KubeObject, context: Context): KubeObject {
  const { name, uid = '', labels, annotations } = shadow.metadata
  const owner = { apiVersion: shadow.apiVersion, kind: shadow.kind, name, uid }
  const spec = withUniqueKeys(mapOf(mapOf(shadow.spec).pod))
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: context.remoteNamespace,
      labels: { ...labels, [MANAGED_BY]: MANAGER, ...marks(context) },
      annotations: { ...annotations, [SPEC_DIGEST]: digest(spec) },
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    },
    spec,
  }
}

/**
 * What an existing Pod takes of it: its metadata, and the edits that a pod allows, once. What its cluster makes of them,
 * as admission that leads images to a registry near by, stays: put back at every look, it would restart the container.
 */
export function editedPod(desired: KubeObject, target: KubeObject): KubeObject {
  const isGiven = target.metadata.annotations?.[SPEC_DIGEST] === desired.metadata.annotations?.[SPEC_DIGEST]
  return { ...desired, spec: isGiven ? target.spec : editedPodSpec(target.spec, desired.spec) }
}

import type { KubeObject } from '../../cluster/port.ts'
import { nodeName } from '../../flows/node/name.ts'
import { mapOf } from '../json.ts'
import type { Context } from '../kind.ts'
import { DESTINATION, ORIGIN, remoteMeta, without } from '../meta.ts'
import { editedPodSpec } from './edits.ts'
import type { PodSettings } from './settings.ts'
import { remotePodSpec } from './spec.ts'

/** Label of a home pod that runs elsewhere. */
export const OFFLOADED = 'liqo.io/shadowPod'

/** Label of a ShadowPod and its Pod: the virtual node that the home pod is bound to. */
export const NODE_NAME = 'offloading.liqo.io/nodename'

/**
 * The ShadowPod to apply remotely: the order to run a pod there, which is kept without home's help.
 * Source of the rules: Liqo v1.2, `pkg/virtualKubelet/forge/pods.go`.
 */
export function remoteShadowPod(pod: KubeObject, context: Context, settings: PodSettings = {}): KubeObject {
  const metadata = remoteMeta(withNodeName(pod, context), context)
  const ownLabels = without(metadata.labels, [ORIGIN, DESTINATION])
  return {
    apiVersion: 'offloading.liqo.io/v1beta1',
    kind: 'ShadowPod',
    metadata,
    spec: { pod: remotePodSpec(pod, ownLabels, context, settings) },
  }
}

/** The label of the virtual node is the home pod's by this, so that it may be kept at home like any other. */
function withNodeName(pod: KubeObject, { remote }: Context): KubeObject {
  const { nodeName: bound } = mapOf(pod.spec)
  const name = typeof bound === 'string' && bound !== '' ? bound : nodeName(remote)
  const labels = { ...without(pod.metadata.labels, [OFFLOADED]), [NODE_NAME]: name }
  return { ...pod, metadata: { ...pod.metadata, labels } }
}

/** What an existing ShadowPod takes of it: its metadata, and the edits that a pod allows. */
export function editedShadowPod(desired: KubeObject, target: KubeObject): KubeObject {
  const spec = mapOf(target.spec)
  return { ...desired, spec: { ...spec, pod: editedPodSpec(spec.pod, mapOf(desired.spec).pod) } }
}

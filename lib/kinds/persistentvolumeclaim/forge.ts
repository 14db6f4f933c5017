import type { KubeObject } from '../../cluster/port.ts'
import { mapOf } from '../json.ts'
import type { Context } from '../kind.ts'
import { filled, remoteMeta, without } from '../meta.ts'
import { CLASS_KEY, PROVISIONER_KEYS, SELECTED_NODE } from './select.ts'

/** Annotations that say what the volume controllers of home have done. */
const NOT_SENT_ANNOTATIONS = [
  'pv.kubernetes.io/bind-completed',
  'pv.kubernetes.io/bound-by-controller',
  ...PROVISIONER_KEYS,
  SELECTED_NODE,
  CLASS_KEY,
]

/** What a claim names of its own cluster: volumes, classes, snapshots. */
const NOT_SENT = [
  'accessModes',
  'dataSource',
  'dataSourceRef',
  'selector',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeName',
]

/** Annotations of a home claim: what the remote one has instead. */
const REMOTE_CLASS = 'liqo.io/remote-storage-class'
const REMOTE_MODES = 'liqo.io/remote-access-modes'

/**
 * The claim to apply remotely, e.g. `{accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}},
 * storageClassName: gp3, volumeMode: Filesystem}`. Without a class the remote cluster's default provides the volume.
 * Source of the rules: Liqo v1.2, `pkg/virtualKubelet/forge/persistentvolumeclaims.go`.
 */
export function remoteClaim(claim: KubeObject, context: Context): KubeObject {
  const { annotations = {} } = claim.metadata
  const spec = mapOf(claim.spec)
  const metadata = remoteMeta(claim, context)
  const modes = annotations[REMOTE_MODES]
  const sent = {
    accessModes: modes === undefined ? spec.accessModes : wordsOf(modes),
    storageClassName: annotations[REMOTE_CLASS] ?? (context.storage?.remoteClass || undefined),
  }
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: metadata.name,
      namespace: context.remoteNamespace,
      ...filled({
        labels: metadata.labels,
        annotations: without(metadata.annotations, NOT_SENT_ANNOTATIONS),
      }),
    },
    spec: { volumeMode: 'Filesystem', ...without(spec, NOT_SENT), ...filled(sent) },
  }
}

/** `ReadWriteMany, ReadOnlyMany,` to its words. */
function wordsOf(text: string): string[] {
  return text.split(',').flatMap((word) => word.trim() || [])
}

/** A claim that is there keeps its class: it can never become another's. */
export function adaptedClaim(desired: KubeObject, target: KubeObject): KubeObject {
  const { storageClassName } = mapOf(target.spec)
  return { ...desired, spec: { ...mapOf(desired.spec), ...filled({ storageClassName }) } }
}

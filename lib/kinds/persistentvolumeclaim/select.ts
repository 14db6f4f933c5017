import type { KubeObject } from '../../cluster/port.ts'
import { REMOTE_CLUSTER } from '../../flows/node/name.ts'
import { mapOf } from '../json.ts'
import type { Context, Found, NotReflected, Selection } from '../kind.ts'

/** Provisioner of the virtual storage class. */
export const PROVISIONER = 'liqo.io/storage'

/** Name of the virtual storage class unless told. */
export const VIRTUAL_CLASS = 'liqo'

/** Annotations of a claim, set by the scheduler and the volume controller of its cluster. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node'
export const PROVISIONER_KEYS = [
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/storage-provisioner',
]
export const CLASS_KEY = 'volume.beta.kubernetes.io/storage-class'

/**
 * | first that holds | reflected |
 * |---|---|
 * | it is bound, of another class or provisioner, or no node is selected yet | no, and a copy made earlier stays |
 * | its class binds at once, or is not there | no: nobody can say where |
 * | the selected node is not there | no: told |
 * | the node stands for another cluster, or for none | no |
 * | | yes |
 *
 * Source of the rule: Liqo v1.2, `pkg/virtualKubelet/reflection/storage`. The skip annotation says nothing about
 * claims: the scheduler has decided.
 */
export function selectClaim(claim: KubeObject, context: Context, found: Found): Selection {
  const node = selectedNodeOf(claim)
  if (mapOf(claim.spec).volumeName) return stays('the claim is bound')
  if (!isProvisioned(claim)) return stays('another provisioner provides the volume')
  if (classOf(claim) !== (context.storage?.virtualClass ?? VIRTUAL_CLASS)) return stays('the class is another one')
  if (!node) return stays('no node is selected yet')
  const { nodes: [selected] = [], classes: [storageClass] = [] } = found
  if (storageClass?.volumeBindingMode !== 'WaitForFirstConsumer') return stays('the class binds at once')
  if (!selected) {
    return { reflect: false, keep: true, fault: true, why: `failed to get target node: node "${node}" not found` }
  }
  return isNodeOf(selected, context.remote) ? { reflect: true } : stays('the node stands for another cluster')
}

function stays(why: string): NotReflected {
  return { reflect: false, keep: true, quiet: true, why }
}

export function isNodeOf({ metadata }: KubeObject, remote: string): boolean {
  return metadata.labels?.[REMOTE_CLUSTER] === remote
}

export function selectedNodeOf({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.[SELECTED_NODE]
}

/** Name of the claim's class: the older annotation counts first. */
export function classOf({ metadata, spec }: KubeObject): string | undefined {
  const { storageClassName } = mapOf(spec)
  return metadata.annotations?.[CLASS_KEY] ?? (typeof storageClassName === 'string' ? storageClassName : undefined)
}

function isProvisioned({ metadata: { annotations = {} } }: KubeObject): boolean {
  return PROVISIONER_KEYS.some((key) => annotations[key] === PROVISIONER)
}

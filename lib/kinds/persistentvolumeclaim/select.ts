import type { KubeObject } from '../../cluster/port.ts'
import { REMOTE_CLUSTER } from '../../flows/node/name.ts'
import { mapOf, mapsOf } from '../json.ts'
import type { Context, Found, NotReflected, Selection } from '../kind.ts'
import { gatedFor } from '../pod/gate.ts'

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
 * | no node is selected, and a pod that is gated for the cluster uses it | yes, if its class binds late |
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
  const { nodes: [selected] = [], classes: [storageClass] = [] } = found
  if (mapOf(claim.spec).volumeName) return stays('the claim is bound')
  if (classOf(claim) !== (context.storage?.virtualClass ?? VIRTUAL_CLASS)) return stays('the class is another one')
  if (!node && !isUsedByGated(claim, context, found)) return stays('no node is selected yet')
  if (!isProvisioned(claim, storageClass)) return stays('another provisioner provides the volume')
  if (storageClass?.volumeBindingMode !== 'WaitForFirstConsumer') return stays('the class binds at once')
  if (!node) return { reflect: true }
  if (!selected) {
    return { reflect: false, keep: true, fault: true, why: `failed to get target node: node "${node}" not found` }
  }
  return isNodeOf(selected, context.remote) ? { reflect: true } : stays('the node stands for another cluster')
}

function isUsedByGated({ metadata }: KubeObject, { remote }: Context, { pods = [] }: Found): boolean {
  return pods.some((pod) => gatedFor(pod) === remote && claimsOf(pod).includes(metadata.name))
}

/** Names of the claims that a pod uses. */
export function claimsOf({ spec }: KubeObject): string[] {
  return mapsOf(mapOf(spec).volumes).flatMap(({ persistentVolumeClaim }) => {
    const { claimName } = mapOf(persistentVolumeClaim)
    return typeof claimName === 'string' ? [claimName] : []
  })
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

/** As its cluster's volume controller says once a node is selected; before, as the class does. */
function isProvisioned(claim: KubeObject, storageClass: KubeObject | undefined): boolean {
  const { annotations = {} } = claim.metadata
  if (!selectedNodeOf(claim)) return storageClass?.provisioner === PROVISIONER
  return PROVISIONER_KEYS.some((key) => annotations[key] === PROVISIONER)
}

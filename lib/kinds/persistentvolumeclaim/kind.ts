import type { KubeObject } from '../../cluster/port.ts'
import { NODE, PERSISTENT_VOLUME_CLAIM, POD, STORAGE_CLASS } from '../../cluster/resources.ts'
import { mapOf } from '../json.ts'
import { type Context, defineKind } from '../kind.ts'
import { adaptedClaim, remoteClaim } from './forge.ts'
import { classOf, selectClaim, selectedNodeOf } from './select.ts'

/**
 * Home claim to remote claim, where the virtual storage class provisions it on a virtual node. The home volume that
 * stands for the remote one is the flow's next to it (lib/flows/volume).
 */
export const persistentvolumeclaim = defineKind({
  name: 'persistentvolumeclaim',
  source: { side: 'home', resource: PERSISTENT_VOLUME_CLAIM },
  target: { side: 'remote', resource: PERSISTENT_VOLUME_CLAIM },
  reads: {
    /** Both are there before the scheduler selects a node, which changes the claim: they wake nothing. */
    nodes: {
      side: 'home',
      resource: NODE,
      part: 'metadata',
      wanted: (claim) => ({ names: nonEmpty(selectedNodeOf(claim)) }),
    },
    classes: {
      side: 'home',
      resource: STORAGE_CLASS,
      wanted: (claim, context) => ({ names: isOpen(claim, context) ? nonEmpty(classOf(claim)) : [] }),
    },
    /** Where pods are gated: those that may use it. The pod function wakes their claims (lib/flows/volume/gated.ts). */
    pods: {
      side: 'home',
      resource: POD,
      wanted: (claim, context) =>
        isOpen(claim, context) && !selectedNodeOf(claim) ? { labelSelector: '' } : { names: [] },
    },
  },
  select: selectClaim,
  forge: remoteClaim,
  adapt: adaptedClaim,
  // What it holds was the former claim's, perhaps another owner's: as in one cluster, it is gone with that.
  renews: true,
})

/** Not bound, and it can be told where it belongs. */
function isOpen(claim: KubeObject, { storage }: Context): boolean {
  return !mapOf(claim.spec).volumeName && (selectedNodeOf(claim) !== undefined || storage?.gated === true)
}

function nonEmpty(name: string | undefined): string[] {
  return name ? [name] : []
}

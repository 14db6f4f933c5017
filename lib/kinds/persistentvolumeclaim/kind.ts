import { NODE, PERSISTENT_VOLUME_CLAIM, STORAGE_CLASS } from '../../cluster/resources.ts'
import { defineKind } from '../kind.ts'
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
      wanted: (claim) => ({ names: selectedNodeOf(claim) ? nonEmpty(classOf(claim)) : [] }),
    },
  },
  select: selectClaim,
  forge: remoteClaim,
  adapt: adaptedClaim,
})

function nonEmpty(name: string | undefined): string[] {
  return name ? [name] : []
}

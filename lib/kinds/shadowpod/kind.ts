import { POD, SHADOW_POD } from '../../cluster/resources.ts'
import { defineKind } from '../kind.ts'
import { shadowPodGift } from './back.ts'
import { editedPod, MANAGED_BY, MANAGER, podOf } from './forge.ts'
import { selectShadowPod } from './select.ts'

/** Remote ShadowPod to remote Pod: works on the remote cluster alone, whether home can be reached or not. */
export const shadowpod = defineKind({
  name: 'shadowpod',
  // The pod function writes them.
  source: { side: 'remote', resource: SHADOW_POD, own: [''] },
  target: { side: 'remote', resource: POD, subresources: ['eviction', 'status'], labels: { [MANAGED_BY]: MANAGER } },
  reads: {
    /** The pod once more: only one looked for after the ShadowPod proves that the one it has seen is lost. */
    pods: { side: 'remote', resource: POD, wanted: ({ metadata }) => ({ names: [metadata.name] }) },
  },
  select: selectShadowPod,
  forge: podOf,
  adapt: editedPod,
  renews: true,
  back: { writes: ['status'], forge: shadowPodGift },
})

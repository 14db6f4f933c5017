import { ConflictError } from '../../cluster/errors.ts'
import type { Cluster, KubeObject } from '../../cluster/port.ts'
import { NAMESPACE, NAMESPACE_OFFLOADING } from '../../cluster/resources.ts'
import { OFFLOADING_NAME, specOf } from './name.ts'
import { validateOffloading } from './validate.ts'

/** Label of a home namespace whose new pods the admission webhook is asked about. */
export const SCHEDULING_ENABLED = 'liqo.io/scheduling-enabled'

/** How often it is written over a namespace that changes meanwhile. */
const MAX_TRIES = 5

/**
 * Sets the label on a home namespace whose pods may leave, and takes it back where they may not any more. A label that
 * somebody else has set, in advance, stays: only what our field manager owns goes with an apply that lacks it.
 * @throws ClusterError when it could not be written
 */
export async function labelNamespace(home: Cluster, name: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    // In this order: whoever finds the namespace unchanged knows that the offloading was read after every earlier write.
    const namespace = await home.get(NAMESPACE, { name })
    if (!namespace || namespace.metadata.deletionTimestamp) return
    const offloading = await home.get(NAMESPACE_OFFLOADING, { namespace: name, name: OFFLOADING_NAME })
    const wanted = offloading !== undefined && isLeavable(offloading)
    const isThere = namespace.metadata.labels?.[SCHEDULING_ENABLED] === 'true'
    if (wanted === isThere) return
    const { uid = '', resourceVersion = '' } = namespace.metadata
    const metadata = { name, uid, resourceVersion, ...(wanted && { labels: { [SCHEDULING_ENABLED]: 'true' } }) }
    try {
      await home.apply(NAMESPACE, { apiVersion: 'v1', kind: 'Namespace', metadata })
      return
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === MAX_TRIES) throw error
    }
  }
}

/** True for an offloading whose pods may run elsewhere. A system namespace's never do, whatever its offloading says. */
function isLeavable(offloading: KubeObject): boolean {
  return validateOffloading(offloading).allowed && specOf(offloading).podOffloadingStrategy !== 'Local'
}

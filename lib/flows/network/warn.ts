import type { Resource } from '../../cluster/port.ts'
import { SYSTEM_NAMESPACE } from '../../cluster/resources.ts'
import type { Peering } from '../../reflect/peering.ts'
import { tell } from '../../reflect/report.ts'
import type { Hindrance } from './hindrance.ts'

/**
 * Tells what only a person can mend, by a Warning Event beside the object that lacks it; none without the object.
 * @param clusters of which the one with the object counts as home
 * @throws ClusterError when the object cannot be read
 */
export async function warn(
  clusters: Pick<Peering, 'home' | 'remote' | 'log'>,
  resource: Resource,
  name: string,
  { reason, message }: Hindrance,
): Promise<void> {
  const object = await clusters.home.get(resource, { namespace: SYSTEM_NAMESPACE, name })
  if (object) await tell(TOLD_AS, clusters, object, { type: 'Warning', reason, message })
}

const TOLD_AS = { name: 'network', source: { side: 'home' } } as const

import { ClusterError } from '../../cluster/errors.ts'
import type { KubeObject } from '../../cluster/port.ts'
import { clusterPrefix } from '../../config/reader.ts'
import { described, isManaged } from './names.ts'

/** Annotation of all that is made in a cluster for its network: the ClusterID that it was made for. */
export const OWNER = 'heliograph.io/cluster'

/** A ClusterID leads to the cluster of another one, whose network would be taken for its own, and removed. */
export class AnotherClusterError extends ClusterError {
  readonly retry = false

  constructor(cluster: string, owner: string, proof: KubeObject) {
    const variables = [cluster, owner].map((id) => `${clusterPrefix(id)}…`).join(' and ')
    const why = `${described(proof, proof)} there is ${owner}'s (annotation ${OWNER}), so that nothing is changed for ${cluster}`
    const remedy = `check how ${variables} say to reach them; if the cluster is ${cluster}'s, set the annotation to ${cluster}`
    super(cluster, `${why}; ${remedy}`)
  }
}

/**
 * The first object that says whose the cluster is decides; where none does (a new network, or one of an earlier version)
 * it is the caller's. What several objects say may differ: somebody corrects the first, and the others follow.
 * @param objects what is there of the network, the Service first, and the fabric's Secret second
 * @throws AnotherClusterError
 */
export function checkOwner(cluster: string, objects: readonly (KubeObject | undefined)[]): void {
  const proof = objects.find((object) => object && isManaged(object) && ownerOf(object) !== undefined)
  const owner = proof && ownerOf(proof)
  if (owner !== undefined && owner !== cluster) throw new AnotherClusterError(cluster, owner, proof!)
}

function ownerOf({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.[OWNER]
}

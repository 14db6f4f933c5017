import { ForbiddenError } from '../../cluster/errors.ts'
import { SYSTEM_NAMESPACE } from '../../cluster/resources.ts'
import type { Outcome } from '../../reflect/converge.ts'
import { forEach } from '../../reflect/for-each.ts'
import type { Served } from './hindrance.ts'
import { serveCluster } from './serve-cluster.ts'
import { servePair } from './serve-pair.ts'
import { type ClusterPair, type NetworkCluster, type NetworkWorld, pairsOf, peersOf } from './world.ts'
import type { Mode } from './write.ts'

/**
 * Runs one part of a pass, named for people, e.g. `rome` or `milan:rome`; an error must not hinder the others. Without an
 * outcome there was nothing to do with the internal network.
 */
export type Attempt = (what: string, part: () => Promise<Outcome | undefined>) => Promise<unknown>

/** Clusters or pairs that are served at a time. */
const AT_ONCE = 4

/**
 * Serves clusters of a world and what they have agreed on with others: first what they need for that, then the pairs,
 * then what the agreements changed in the clusters of both sides.
 * @param clusters those to serve; the others only as far as a pair concerns them
 * @param pairs those to serve
 */
export async function serveNetwork(
  world: NetworkWorld,
  { clusters, pairs }: { clusters: readonly NetworkCluster[]; pairs: readonly ClusterPair[] },
  attempt: Attempt,
  mode: Mode,
): Promise<void> {
  const serveOne = (cluster: NetworkCluster) =>
    attempt(cluster.id, () => {
      const peers = peersOf(world, cluster)
      if (peers.length === 0) return emptied(cluster, world, mode)
      return serveCluster(cluster, peers, world, mode).then(outcomeOf)
    })
  await forEach(clusters, AT_ONCE, serveOne)
  const changed = new Set<NetworkCluster>()
  await forEach(pairs, AT_ONCE, (pair) =>
    attempt(pair.map(({ id }) => id).join(':'), async () => {
      const served = await servePair(pair, world.log, mode)
      if (served.writes > 0 && mode === 'act') for (const cluster of pair) changed.add(cluster)
      return outcomeOf(served)
    }),
  )
  await forEach(changed, AT_ONCE, serveOne)
}

/** Where the functions may not look (any more), there is most often nothing left: it is told, and is no failure. */
async function emptied(cluster: NetworkCluster, world: NetworkWorld, mode: Mode): Promise<Outcome | undefined> {
  try {
    const served = await serveCluster(cluster, [], world, mode)
    return served.writes === 0 ? undefined : outcomeOf(served)
  } catch (error) {
    if (!(error instanceof ForbiddenError)) throw error
    const remedy = `apply the manifests of NETWORKING_INTERNAL=true and let a sweep remove it, or delete namespace ${SYSTEM_NAMESPACE} where it is empty`
    const why = `${error.message}; what may be left there of the internal network stays: ${remedy}`
    return { verdict: 'refused', writes: 0, why }
  }
}

/** All of a world. */
export function everything(world: NetworkWorld): {
  clusters: readonly NetworkCluster[]
  pairs: readonly ClusterPair[]
} {
  return { clusters: world.clusters, pairs: pairsOf(world) }
}

function outcomeOf({ writes, hindrances }: Served): Outcome {
  const why = hindrances.map(({ message }) => message).join('; ')
  const verdict = hindrances.some(({ isFault }) => isFault) ? 'refused' : writes > 0 ? 'updated' : 'equal'
  return { verdict, writes, ...(why && { why }) }
}

import { ClusterError } from '../../cluster/errors.ts'
import type { ChangeEvent } from '../../event/change.ts'
import { logKey } from '../../log.ts'
import { committed } from '../../reflect/committed.ts'
import type { Outcome } from '../../reflect/converge.ts'
import { ReflectionError } from '../../reflect/dispatch.ts'
import { fromName, toName } from './names.ts'
import { type Attempt, serveNetwork } from './serve.ts'
import { counts, NETWORK, type Part, partOf } from './triggers.ts'
import { type ClusterPair, type NetworkCluster, type NetworkWorld, pairsOf } from './world.ts'

/**
 * Serves what an event is about: the cluster, and what it has agreed on with the peers that the change concerns.
 * @throws ReflectionError when something may succeed on redelivery
 */
export async function dispatchNetwork(world: NetworkWorld, event: ChangeEvent): Promise<void> {
  const part = partOf(event.of)
  const cluster = world.clusters.find(({ id }) => id === event.cluster)
  // Of a part that this version does not know: the sweep is the guarantee.
  if (!cluster || !part) return
  const names = event.names.filter((name) => counts(part, name))
  if (names.length === 0 && event.names.length > 0) return
  if (event.admitted) await stored(cluster, part, event.namespace, names, event.admitted)
  const curable: string[] = []
  const pairs = pairsOf(world).filter((pair) => isConcerned(pair, cluster, part, names))
  await serveNetwork(world, { clusters: [cluster], pairs }, attemptOf(world, curable), 'act')
  if (curable.length > 0) throw new ReflectionError(`${NETWORK}: ${curable.length} to try again: ${curable[0]}`)
}

/** @param names empty: any */
function isConcerned(
  pair: ClusterPair,
  cluster: NetworkCluster,
  { concerns }: Part,
  names: readonly string[],
): boolean {
  if (concerns === 'nobody' || !pair.includes(cluster)) return false
  if (concerns === 'peers-by-node') return cluster.gateway.serviceType === 'NodePort'
  if (concerns === 'peers' || names.length === 0) return true
  const { id } = pair.find((one) => one !== cluster)!
  return [id, toName(id), fromName(id)].some((name) => names.includes(name))
}

/** An admission webhook tells before a change is stored. What goes wrong here shows in what follows. */
async function stored(
  { api }: NetworkCluster,
  { resource }: Part,
  namespace: string,
  names: readonly string[],
  admitted: NonNullable<ChangeEvent['admitted']>,
): Promise<void> {
  for (const name of names) {
    const ref = { ...(namespace !== '' && { namespace }), name }
    await committed(api, resource, ref, admitted).catch((error) => {
      if (!(error instanceof ClusterError)) throw error
    })
  }
}

function attemptOf({ log }: NetworkWorld, curable: string[]): Attempt {
  return async (key, part) => {
    const start = performance.now()
    const line = ({ verdict, why, writes }: Outcome) => {
      const ms = Math.round((performance.now() - start) * 10) / 10
      logKey(log, { kind: NETWORK, key, verdict, why, writes, ms })
    }
    try {
      const outcome = await part()
      if (outcome) line(outcome)
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error
      if (error.retry) curable.push(`${key}: ${error.message}`)
      line({ verdict: 'failed', why: error.message, writes: 0 })
    }
  }
}

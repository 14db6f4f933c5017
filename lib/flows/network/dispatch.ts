import { ClusterError } from '../../cluster/errors.ts'
import type { ChangeEvent } from '../../event/change.ts'
import { logKey } from '../../log.ts'
import { ReflectionError } from '../../reflect/dispatch.ts'
import { type Attempt, serveNetwork } from './serve.ts'
import { FABRIC_SOURCE, NETWORK, PARAMETERS } from './triggers.ts'
import { type ClusterPair, type NetworkWorld, pairsOf } from './world.ts'

/**
 * Serves what an event is about: the cluster, and what it has agreed on with the peers that the event names, or with
 * all where its own parameters have changed.
 * @throws ReflectionError when something may succeed on redelivery
 */
export async function dispatchNetwork(world: NetworkWorld, event: ChangeEvent): Promise<void> {
  const curable: string[] = []
  const clusters = world.clusters.filter(({ id }) => id === event.cluster)
  const pairs = pairsOf(world).filter((pair) => isAbout(event, pair))
  await serveNetwork(world, { clusters, pairs }, attemptOf(world, curable), 'act')
  if (curable.length > 0) throw new ReflectionError(`${NETWORK}: ${curable.length} to try again: ${curable[0]}`)
}

function isAbout({ cluster, of, names }: ChangeEvent, pair: ClusterPair): boolean {
  const peer = pair.find(({ id }) => id !== cluster)!.id
  if (of === FABRIC_SOURCE || pair.every(({ id }) => id !== cluster)) return false
  return of === PARAMETERS || names.length === 0 || names.some((name) => name.replace(/^(to|from)-/, '') === peer)
}

function attemptOf({ log }: NetworkWorld, curable: string[]): Attempt {
  return async (key, part) => {
    const start = performance.now()
    const line = (fields: { verdict: string; why?: string | undefined; writes: number }) => {
      const ms = Math.round((performance.now() - start) * 10) / 10
      logKey(log, { kind: NETWORK, key, ...fields, ms })
    }
    try {
      const { verdict, why, writes } = await part()
      line({ verdict, why, writes })
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error
      if (error.retry) curable.push(`${key}: ${error.message}`)
      line({ verdict: 'failed', why: error.message, writes: 0 })
    }
  }
}

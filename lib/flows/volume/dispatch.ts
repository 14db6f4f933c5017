import { ClusterError } from '../../cluster/errors.ts'
import type { ChangeEvent } from '../../event/change.ts'
import { persistentvolumeclaim as claim } from '../../kinds/persistentvolumeclaim/kind.ts'
import { logKey } from '../../log.ts'
import type { Outcome } from '../../reflect/converge.ts'
import { dispatch, ReflectionError } from '../../reflect/dispatch.ts'
import { forEach } from '../../reflect/for-each.ts'
import { findPair, pairOfRemote } from '../../reflect/pairs.ts'
import type { Peering } from '../../reflect/peering.ts'
import { provideVolume, removeSpentVolumes } from './flow.ts'

/** Claims of one event that are served at a time. */
const AT_ONCE = 16

/**
 * Serves claims: reflects them, then gives those of home their volumes, and removes the volumes of claims that are gone.
 * A remote claim tells as well: with the end of an earlier one the next is made, and its volume.
 * @throws ReflectionError when something may succeed on redelivery
 */
export async function dispatchClaim(peerings: readonly Peering[], event: ChangeEvent): Promise<void> {
  const curable: string[] = []
  await dispatch(claim, peerings, event).catch((error) => {
    if (!(error instanceof ReflectionError)) throw error
    curable.push(error.message)
  })
  for (const peering of peerings) {
    const isHome = peering.home.id === event.cluster
    if (!isHome && peering.remote.id !== event.cluster) continue
    await attempt(curable, peering, event.namespace, async () => {
      const pair = await (isHome ? findPair : pairOfRemote)(peering, event.namespace)
      const outcomes: Outcome[] = []
      await forEach(event.names, AT_ONCE, async (name) => {
        if (pair) outcomes.push(await provideVolume(peering, pair, name))
        if (isHome) outcomes.push(...(await removeSpentVolumes(peering, event.namespace, name)))
      })
      if (isHome && event.names.length === 0) outcomes.push(...(await removeSpentVolumes(peering, event.namespace)))
      return outcomes
    })
  }
  if (curable.length > 0) throw new ReflectionError(`${claim.name}: ${curable.length} to try again: ${curable[0]}`)
}

async function attempt(
  curable: string[],
  peering: Peering,
  namespace: string,
  part: () => Promise<Outcome[]>,
): Promise<void> {
  const start = performance.now()
  const key = `${peering.home.id}/${namespace}/volumes`
  const line = ({ verdict, why, writes }: Outcome) => {
    const ms = Math.round((performance.now() - start) * 10) / 10
    logKey(peering.log, { kind: claim.name, key, verdict, why, writes, ms })
  }
  try {
    for (const outcome of await part()) if (outcome.writes > 0) line(outcome)
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error
    if (error.retry) curable.push(`${key}: ${error.message}`)
    line({ verdict: 'failed', why: error.message, writes: 0 })
  }
}

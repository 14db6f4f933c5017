import { ClusterError } from '../../cluster/errors.ts'
import type { ChangeEvent } from '../../event/change.ts'
import { addressesOf } from '../../kinds/endpointslice/forge.ts'
import { endpointslice } from '../../kinds/endpointslice/kind.ts'
import { isNegotiable } from '../../kinds/negotiated.ts'
import { errorFields } from '../../log.ts'
import type { Outcome, Replaced } from '../../reflect/converge.ts'
import { dispatch } from '../../reflect/dispatch.ts'
import type { Peering } from '../../reflect/peering.ts'
import { releaseDropped, sweepMappings } from './release.ts'

/**
 * Serves EndpointSlices: reflects them, which gives their endpoints external addresses where they need one, and then
 * frees those that the copies have let go of. What fails of the latter is left to the sweep.
 * @throws ReflectionError when something may succeed on redelivery
 */
export async function dispatchSlices(peerings: readonly Peering[], event: ChangeEvent): Promise<void> {
  const dropped = new Map<Peering, Set<string> | 'many'>()
  const note = (peering: Peering, { replaced }: Outcome) => {
    if (!replaced || !isNegotiable(peering)) return
    const known = dropped.get(peering) ?? new Set()
    if (replaced === 'many' || known === 'many') return void dropped.set(peering, 'many')
    for (const text of replaced.flatMap(droppedBy)) dropped.set(peering, known.add(text))
  }
  try {
    await dispatch(endpointslice, peerings, event, note)
  } finally {
    for (const [peering, texts] of dropped) await freed(peering, texts)
  }
}

/** Addresses that a copy showed and shows no longer. */
function droppedBy({ before, after }: Replaced): string[] {
  const kept = new Set(after && addressesOf(after))
  return addressesOf(before).filter((text) => !kept.has(text))
}

async function freed(peering: Peering, dropped: Set<string> | 'many'): Promise<void> {
  try {
    const outcomes = await (dropped === 'many' ? sweepMappings(peering) : releaseDropped(peering, dropped))
    for (const { verdict, why } of outcomes) peering.log.info('mapping', { verdict, why })
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error
    peering.log.warn('mappings not freed', errorFields(error))
  }
}

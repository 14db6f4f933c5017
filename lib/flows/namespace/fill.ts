import { UnfilledError } from '../../cluster/errors.ts'
import { KINDS } from '../../kinds/index.ts'
import { sweepPair } from '../../reflect/sweep-pair.ts'
import type { Fill } from './flow.ts'

/**
 * Fills a new remote namespace with what the home namespace holds. What a person has to mend first does not hold it up:
 * the owner of the object is told.
 * @throws UnfilledError when something that a retry may cure is missing in it
 */
export const fill: Fill = async (peering, pair) => {
  const { curable } = await sweepPair(peering, pair, KINDS, 'withhold')
  if (curable > 0) {
    throw new UnfilledError(
      peering.remote.id,
      `namespace ${pair.remoteNamespace}: ${curable} part(s) not reflected yet`,
    )
  }
}

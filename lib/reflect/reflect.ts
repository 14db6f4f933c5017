import type { Kind } from '../kinds/kind.ts'
import { converge, type Mode, type Outcome, type Sight } from './converge.ts'
import { observe, readAgain } from './observe.ts'
import type { PairScope } from './pairs.ts'
import type { Pair, Peering } from './peering.ts'

/**
 * Reflects one key: the object `name` of a home namespace whose pair `pairs` knows.
 * @throws ConflictError, ClusterError as `converge` does
 */
export async function reflect(
  kind: Kind,
  peering: Peering,
  name: string,
  pairs: PairScope,
  mode?: Mode,
): Promise<Outcome> {
  let pair = await pairs.remembered()
  const sight: Sight = {
    async observe() {
      // What is remembered saves the wait and decides nothing: a target that is there may be in a namespace on its way
      // out, or in one that is another's copy by now.
      const look = pair && observe(kind, peering, { pair, name })
      const [seen, confirmed] = await Promise.all([look, pairs.confirmed()])
      if (isSamePair(pair, confirmed)) return seen
      pair = confirmed
      return pair && observe(kind, peering, { pair, name })
    },
    basis: async () => (pair ? readAgain(kind, peering, { pair, name }) : []),
  }
  return converge(kind, peering, sight, mode)
}

function isSamePair(a: Pair | undefined, b: Pair | undefined): boolean {
  return a?.homeNamespace === b?.homeNamespace && a?.remoteNamespace === b?.remoteNamespace
}

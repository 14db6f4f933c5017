import type { Kind } from '../kinds/kind.ts'
import { converge, type Mode, type Outcome, type Sight } from './converge.ts'
import { observe, readSource } from './observe.ts'
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
      const seen = pair && (await observe(kind, peering, { pair, name }))
      if (!pair || seen?.target) return seen
      // No target vouches for a remembered pair, so it is confirmed before anything is made of it.
      const confirmed = await pairs.confirmed()
      if (isSamePair(pair, confirmed)) return seen
      pair = confirmed
      return pair && observe(kind, peering, { pair, name })
    },
    source: async () => pair && readSource(kind, peering, { pair, name }),
  }
  return converge(kind, peering, sight, mode)
}

function isSamePair(a: Pair, b: Pair | undefined): boolean {
  return a.homeNamespace === b?.homeNamespace && a.remoteNamespace === b.remoteNamespace
}

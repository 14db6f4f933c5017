import { badEnd } from './properties.ts'
import { runAlone, type Stage } from './stage.ts'
import type { State, Violation } from './state.ts'
import { sweepOf } from './world.ts'

/** P1 and P2 at the end of an execution; computed once for each pair of clusters. */
export function judgeOf(stage: Stage): (state: State) => Promise<Violation | undefined> {
  const ends = new Map<string, Promise<string | undefined>>()
  const once = (key: string, judge: () => Promise<string | undefined>) => {
    const known = ends.get(key) ?? judge()
    ends.set(key, known)
    return known
  }
  return async (state) => {
    const { home, remote, lost } = state
    const text = lost ? undefined : await once(`${home.id} ${remote.id}`, async () => badEnd(home, remote))
    if (text) return { property: 'P1', text }
    const swept = await once(`${home.id} ${remote.id} swept`, () => sweepAll(stage, state))
    return swept === undefined ? undefined : { property: 'P2', text: swept }
  }
}

/**
 * A sweep of every pair; where instances are warm, by one of those too. Not where home became another cluster: an
 * instance that outlives that writes the old identity into stamps until it ends. It deletes nothing wrongly by that.
 */
async function sweepAll(stage: Stage, state: State): Promise<string | undefined> {
  const { warm: hasWarm, scripts } = stage.world
  const isReplaced = scripts.flat().some((edit) => edit.other)
  for (const warm of hasWarm && !isReplaced ? [false, true] : [false]) {
    let now = state
    for (const pair of state.remote.pairs) {
      now = await runAlone(stage, now, sweepOf(pair), warm)
      if (now.violation) return `${now.violation.property} in the sweep: ${now.violation.text}`
    }
    const wrong = badEnd(now.home, now.remote)
    if (wrong) return `${wrong}${warm ? ' (warm)' : ''}`
  }
  return undefined
}

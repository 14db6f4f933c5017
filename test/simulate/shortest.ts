import { type Choice, choicesOf } from './choices.ts'
import { judgeOf } from './judge.ts'
import { open, step } from './stage.ts'
import { keyOf, type State, type Violation } from './state.ts'
import type { World } from './world.ts'

interface Trail {
  state: State
  choice?: Choice
  before?: Trail
}

/** A failing schedule with the fewest steps: breadth first. Undefined when there is none within `limit` states. */
export async function shortestFailure(
  world: World,
  limit = 1_000_000,
): Promise<{ violation: Violation; schedule: readonly Choice[] } | undefined> {
  const { stage, first } = await open(world)
  const judge = judgeOf(stage)
  const known = new Set([keyOf(first)])
  const trails: Trail[] = [{ state: first }]
  for (let at = 0; at < trails.length && trails.length < limit; at++) {
    const trail = trails[at]!
    const choices = choicesOf(world, trail.state)
    const wrongEnd = choices.length === 0 ? await judge(trail.state) : undefined
    if (wrongEnd) return { violation: wrongEnd, schedule: scheduleOf(trail) }
    for (const choice of choices) {
      const state = await step(stage, trail.state, choice)
      const next = { state, choice, before: trail }
      if (state.violation) return { violation: state.violation, schedule: scheduleOf(next) }
      const key = keyOf(state)
      if (known.has(key)) continue
      known.add(key)
      trails.push(next)
    }
  }
  return undefined
}

function scheduleOf(trail: Trail): Choice[] {
  const schedule: Choice[] = []
  for (let link: Trail | undefined = trail; link?.choice; link = link.before) schedule.unshift(link.choice)
  return schedule
}

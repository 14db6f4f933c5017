import { type Choice, choicesOf } from './choices.ts'
import type { Explored } from './explore.ts'
import { judgeOf } from './judge.ts'
import { pick, randomFrom } from './seed.ts'
import { open, step } from './stage.ts'
import { keyOf, type State } from './state.ts'
import type { World } from './world.ts'

/** More than any execution of these worlds has. */
const MOST_STEPS = 2000

/** So many executions, each step drawn from all that may happen next. `ended` hears of each. */
export async function exploreSome(
  world: World,
  executions: number,
  seed: number,
  ended?: (schedule: readonly Choice[]) => void,
): Promise<Explored> {
  const { stage, first } = await open(world)
  const judge = judgeOf(stage)
  const random = randomFrom(seed)
  const seen = new Set<string>()
  for (let schedules = 0; schedules < executions; schedules++) {
    const schedule: Choice[] = []
    let state: State = first
    for (let choices = choicesOf(world, state); choices.length > 0; choices = choicesOf(world, state)) {
      const choice = pick(random, choices)
      schedule.push(choice)
      state = await step(stage, state, choice)
      seen.add(keyOf(state))
      const endless = schedule.length > MOST_STEPS && { property: 'P6', text: 'an execution does not end' }
      const violation = state.violation ?? (endless || undefined)
      if (violation) return { states: seen.size, schedules, failure: { violation, schedule } }
    }
    ended?.(schedule)
    const violation = await judge(state)
    if (violation) return { states: seen.size, schedules, failure: { violation, schedule } }
  }
  return { states: seen.size, schedules: executions }
}

import { type Choice, choicesOf } from './choices.ts'
import { judgeOf } from './judge.ts'
import { open, step } from './stage.ts'
import { keyOf, type State, type Violation } from './state.ts'
import { take } from './step.ts'
import type { World } from './world.ts'

/** What an exploration has seen. `schedules`: complete executions, by the order of their steps. */
export interface Explored {
  states: number
  schedules: number
  failure?: { violation: Violation; schedule: readonly Choice[] }
}

interface Frame {
  state: State
  key: string
  choices: Choice[]
  tried: number
  schedules: number
}

/** Depth first through every state that the world can be in; ends at the first violation. */
export async function exploreAll(
  world: World,
  limit = Number.POSITIVE_INFINITY,
): Promise<Explored & { whole: boolean }> {
  const { stage, first } = await open(world)
  const judge = judgeOf(stage)
  const done = new Map<string, number>()
  const stack: Frame[] = []
  const fail = (violation: Violation) => {
    const schedule = stack.map(({ choices, tried }) => choices[tried - 1]!).filter(Boolean)
    return { states: done.size, schedules: 0, whole: false, failure: { violation, schedule } }
  }
  const push = (state: State, key: string) => {
    stack.push({ state, key, choices: choicesOf(world, state), tried: 0, schedules: 0 })
    done.set(key, -1)
  }
  push(first, keyOf(first))
  for (let frame = stack.at(-1)!; ; frame = stack.at(-1)!) {
    if (frame.choices.length === 0) {
      const violation = await judge(frame.state)
      if (violation) return fail(violation)
      frame.schedules = 1
    }
    if (frame.tried === frame.choices.length) {
      done.set(frame.key, frame.schedules)
      stack.pop()
      const parent = stack.at(-1)
      if (!parent) return { states: done.size, schedules: frame.schedules, whole: true }
      parent.schedules += frame.schedules
      continue
    }
    const choice = frame.choices[frame.tried++]!
    const next = take(stage, frame.state, choice) ?? (await step(stage, frame.state, choice))
    if (next.violation) return fail(next.violation)
    const key = keyOf(next)
    const known = done.get(key)
    if (known === -1) return fail({ property: 'P6', text: 'an execution comes back to where it was' })
    if (known !== undefined) frame.schedules += known
    else if (done.size >= limit) return { states: done.size, schedules: stack[0]!.schedules, whole: false }
    else push(next, key)
  }
}

import { type Choice, choicesOf } from './choices.ts'
import { HOME, REMOTE } from './edits.ts'
import { badEnd } from './properties.ts'
import { edited, emptyScene } from './scene.ts'
import { keyOf, type State, type Violation } from './state.ts'
import { prepare, runAlone, type Stage, take, wakesOf } from './step.ts'
import { sweepOf, type World, wakeById } from './world.ts'

/** What an exploration has seen. `schedules`: complete executions, by the order of their steps. */
export interface Explored {
  states: number
  schedules: number
  failure?: { violation: Violation; schedule: readonly Choice[] }
}

/** The world's past, reflected in peace: where the exploration begins. */
export async function open(world: World): Promise<{ stage: Stage; first: State }> {
  const scenes = { home: emptyScene('home', 'rome'), remote: emptyScene('remote', 'milan') }
  let first: State = {
    ...scenes,
    made: world.scripts.map(() => 0),
    waiting: [],
    running: [],
    duplicates: 0,
    losses: 0,
    kills: 0,
    faults: 0,
    patience: 0,
    lost: false,
    forgedAt: -1,
  }
  const stage: Stage = { world: { ...world, scripts: [[]] }, past: scenes }
  for (const edit of world.past) {
    const { next, changes } = edited(first[edit.side], edit)
    first = { ...first, [edit.side]: next }
    for (const wake of wakesOf(edit.side, changes)) first = await runAlone(stage, first, wakeById(wake))
  }
  const { duplicates = 0, losses = 0, kills = 0, faults = 0, patience = 0 } = world
  const waiting = world.sweep ? [sweepOf({ homeNamespace: HOME, remoteNamespace: REMOTE }).id] : []
  const forgedAt = first.remote.paths.size > 0 ? 0 : -1
  first = { ...first, duplicates, losses, kills, faults, patience, waiting, forgedAt }
  return { stage: { world, past: { home: first.home, remote: first.remote } }, first }
}

export async function step(stage: Stage, state: State, choice: Choice): Promise<State> {
  let next = take(stage, state, choice)
  while (!next) {
    await prepare(stage, state, choice)
    next = take(stage, state, choice)
  }
  return next
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

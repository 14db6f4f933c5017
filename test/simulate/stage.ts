import type { Choice } from './choices.ts'
import { HOME, REMOTE } from './edits.ts'
import { edited, emptyScene, type Scene } from './scene.ts'
import type { State } from './state.ts'
import { prepare, take, wakesOf } from './step.ts'
import { sweepOf, type Wake, type World, wakeById } from './world.ts'

/** A world together with the clusters that its warm instances remember. */
export interface Stage {
  world: World
  past: { home: Scene; remote: Scene }
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

/** Runs one invocation alone to its end. */
export async function runAlone(stage: Stage, state: State, wake: Wake, warm = false): Promise<State> {
  let now: State = { ...state, waiting: [wake.id], running: [], duplicates: 0, losses: 0, kills: 0, faults: 0 }
  now = await step(stage, now, { do: 'deliver', index: 0, warm })
  while (now.running.length > 0) now = await step(stage, now, { do: 'answer', index: 0, call: 0 })
  return now
}

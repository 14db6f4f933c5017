import type { ActorNode } from './actor.ts'
import type { Scene } from './scene.ts'

/** A world at one moment of one execution: everything that decides how it can go on. */
export interface State {
  home: Scene
  remote: Scene
  /** Edits made, by script. */
  made: readonly number[]
  /** Ids of the wakes that wait, sorted. */
  waiting: readonly number[]
  running: readonly Running[]
  /** What is left of the world's budgets. */
  duplicates: number
  losses: number
  kills: number
  faults: number
  patience: number
  /** An event was lost for good: only a sweep can know. */
  lost: boolean
  /** Edits made at home when the source that the target was forged from was read; -1 without a target of ours. */
  forgedAt: number
  /** What the last step did wrong. */
  violation?: Violation
}

export interface Running {
  node: ActorNode
  wake: number
  /** Edits made at home when it last read the source. */
  readAt: number
}

export interface Violation {
  /** `P1`… as in properties.ts. */
  property: string
  text: string
}

export function keyOf(state: State): string {
  let key = `${state.home.id},${state.remote.id};${state.made};${state.waiting};`
  for (const { node, readAt } of state.running) key += `${node.id}:${readAt} `
  const { duplicates, losses, kills, faults, patience, lost, forgedAt } = state
  return `${key};${duplicates},${losses},${kills},${faults},${patience},${lost ? 1 : 0},${forgedAt}`
}

/** Functions have no names: which of them is where does not matter. */
export function inOrder(running: Running[]): Running[] {
  return running.sort((a, b) => a.node.id - b.node.id || a.readAt - b.readAt)
}

import { UnreachableError } from '../../lib/cluster/errors.ts'
import type { Change } from '../support/memory-cluster.ts'
import { begin, begun, follow, learn } from './actor.ts'
import { type Answer, type Call, type Listed, toAnswer } from './calls.ts'
import type { Choice } from './choices.ts'
import { HOME, SOURCE_PATH, TARGET_PATH } from './edits.ts'
import { badEffect, gaveUp } from './properties.ts'
import { edited, newPair, stepOf, tryCall } from './scene.ts'
import type { Stage } from './stage.ts'
import { inOrder, type Running, type State } from './state.ts'
import { eventOf, sweepOf, type Wake, type World, wakeById, warmProgram } from './world.ts'

/** @returns the state that the choice leads to; undefined when something in it was never tried: then `prepare` it */
export function take(stage: Stage, state: State, choice: Choice): State | undefined {
  switch (choice.do) {
    case 'edit':
      return afterEdit(stage.world, state, choice.index)
    case 'lose':
      return { ...state, losses: state.losses - 1, lost: true, waiting: without(state.waiting, choice.index) }
    case 'deliver':
    case 'duplicate': {
      const wake = state.waiting[choice.index]!
      const node = begun(programOf(stage, wakeById(wake), choice.warm))
      if (!node) return undefined
      const again = choice.do === 'duplicate'
      return {
        ...state,
        duplicates: state.duplicates - (again ? 1 : 0),
        waiting: again ? state.waiting : without(state.waiting, choice.index),
        running: inOrder([...state.running, { node, wake, readAt: -1 }]),
      }
    }
    default:
      return afterCall(stage.world, state, choice)
  }
}

/** Tries what `take` did not know. */
export async function prepare(stage: Stage, state: State, choice: Choice): Promise<void> {
  if (choice.do === 'deliver' || choice.do === 'duplicate') {
    await begin(programOf(stage, wakeById(state.waiting[choice.index]!), choice.warm))
  } else if ('call' in choice) {
    const { node } = state.running[choice.index]!
    const call = node.calls[choice.call]!
    const scene = state[call.side]
    if (!stepOf(scene, call)) await tryCall(scene, call)
    const answer = answerOf(choice, call, stepOf(scene, call)!.answer)
    if (!follow(node, choice.call, answer)) await learn(node, choice.call, answer)
  }
}

export function programOf({ past }: Stage, wake: Wake, warm: boolean) {
  return warm ? warmProgram(wake, past.home, past.remote, HOME) : wake.cold
}

function afterEdit(world: World, state: State, index: number): State {
  const edit = world.scripts[index]![state.made[index]!]!
  const { next, changes } = edited(state[edit.side], edit)
  const made = state.made.with(index, state.made[index]! + 1)
  const isTargetGone = edit.side === 'remote' && !next.paths.has(TARGET_PATH)
  return {
    ...state,
    [edit.side]: next,
    made,
    waiting: [...state.waiting, ...wakesOf(edit.side, changes)].sort((a, b) => a - b),
    forgedAt: isTargetGone ? -1 : state.forgedAt,
    // No event tells that a ClusterID leads elsewhere.
    lost: state.lost || edit.other !== undefined,
  }
}

/** Events that the changes make; our own writes make none. */
export function wakesOf(side: 'home' | 'remote', changes: readonly Change[]): number[] {
  return changes.flatMap((change) => {
    const pair = side === 'remote' ? newPair(change) : undefined
    if (pair) return [sweepOf(pair).id]
    return change.resource.plural === 'configmaps' ? [eventOf(side, change.namespace, change.name).id] : []
  })
}

/** What the function gets to hear, when the cluster says `answer`. */
export function answerOf({ do: what }: Choice, call: Call, answer: Answer): Answer {
  if (what === 'answer' || what === 'die') return answer
  if (what === 'garble' && call.verb === 'list' && !answer.error) {
    return toAnswer({ pages: (answer.value as Listed).pages.slice(0, 1), isBroken: true })
  }
  return toAnswer(undefined, new UnreachableError(call.side === 'home' ? 'rome' : 'milan', 'no answer'))
}

function afterCall(world: World, state: State, choice: Extract<Choice, { call: number }>): State | undefined {
  const actor = state.running[choice.index]!
  const call = actor.node.calls[choice.call]!
  const step = stepOf(state[call.side], call)
  if (!step) return undefined
  const effect = choice.do === 'fail' ? undefined : step.effect
  const node = follow(actor.node, choice.call, answerOf(choice, call, step.answer))
  if (!node) return undefined

  const faulty = choice.do === 'fail' || choice.do === 'garble'
  const next: State = {
    ...state,
    [call.side]: effect ? step.next : state[call.side],
    kills: state.kills - (choice.do === 'die' ? 1 : 0),
    faults: state.faults - (faulty ? 1 : 0),
    patience: state.patience + (faulty ? 1 : 0),
  }
  const readAt = call.path === SOURCE_PATH ? state.made[0]! : actor.readAt
  if (effect) {
    const violation = badEffect(world, state, actor, call, effect)
    if (violation) next.violation = violation
    if (call.path === TARGET_PATH) next.forgedAt = effect.verb === 'delete' ? -1 : readAt
  }
  next.running = rest(world, next, { ...actor, node, readAt }, choice)
  return next
}

/** The functions that run on; one that has ended or died is taken out, and its event comes again where it must. */
function rest(world: World, next: State, actor: Running, choice: Extract<Choice, { call: number }>): Running[] {
  const others = next.running.toSpliced(choice.index, 1)
  if (choice.do === 'die') {
    if (world.forgetful) next.lost = true
    else redeliver(next, actor.wake)
    return others
  }
  if (!actor.node.end) return inOrder([...others, actor])
  const { error } = actor.node.end
  if (!error) return others
  if (next.patience > 0 && isCurable(error)) {
    next.patience--
    redeliver(next, actor.wake)
  } else if (world.patience && isCurable(error)) next.lost = true
  else next.violation ??= gaveUp(error)
  return others
}

function redeliver(next: State, wake: number): void {
  next.waiting = [...next.waiting, wake].sort((a, b) => a - b)
}

function isCurable(error: Error): boolean {
  return (error as { retry?: boolean }).retry === true
}

function without(list: readonly number[], index: number): number[] {
  return list.toSpliced(index, 1)
}

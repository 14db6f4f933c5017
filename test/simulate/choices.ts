import type { Call } from './calls.ts'
import type { State } from './state.ts'
import type { World } from './world.ts'

/** One thing that may happen next. `index` is of the script, the waiting wake, or the running function. */
export type Choice =
  | { do: 'edit'; index: number }
  | { do: 'deliver' | 'duplicate'; index: number; warm: boolean }
  | { do: 'lose'; index: number }
  /** A call is answered; the function may die then; the answer may be an error, before or after the write, or half a list. */
  | { do: 'answer' | 'die' | 'fail' | 'garble'; index: number; call: number }

/**
 * Everything that may happen next; nothing means the end. Where a call can neither see nor be seen by anything that is
 * still to come, it alone is returned: in whatever place the others put it, the outcome is the same.
 */
export function choicesOf(world: World, state: State, isFrugal = true): Choice[] {
  const choices: Choice[] = []
  for (let index = 0; index < state.running.length; index++) {
    const { calls } = state.running[index]!.node
    for (let call = 0; call < calls.length; call++) {
      if (isFrugal && isApart(world, state, calls[call]!)) return answersTo(state, calls[call]!, index, call)
    }
  }
  const isEager = isFrugal && hasOneEvent(world)
  const hasRoom = state.running.length < world.functions
  if (hasRoom || !isEager) pushDeliveries(choices, world, state, hasRoom)
  if (choices.length > 0 && isEager) return choices
  for (let index = 0; index < world.scripts.length; index++) {
    const edit = world.scripts[index]![state.made[index]!]
    if (edit && (!edit.slow || state.running.length === 0)) choices.push({ do: 'edit', index })
  }
  for (let index = 0; index < state.running.length; index++) {
    const { calls } = state.running[index]!.node
    for (let call = 0; call < calls.length; call++) choices.push(...answersTo(state, calls[call]!, index, call))
  }
  return choices
}

/**
 * With a single kind of event, a function that was started and has not yet read is as good as the event that waits, so
 * nothing is missed by starting it, losing or repeating the event at once.
 */
function hasOneEvent({ scripts, sweep }: World): boolean {
  return scripts.length === 1 && !sweep
}

function pushDeliveries(choices: Choice[], world: World, state: State, hasRoom: boolean): void {
  for (let index = 0; index < state.waiting.length; index++) {
    if (state.waiting[index] === state.waiting[index - 1]) continue
    for (const warm of world.warm ? [false, true] : [false]) {
      if (hasRoom) choices.push({ do: 'deliver', index, warm })
      if (hasRoom && state.duplicates > 0) choices.push({ do: 'duplicate', index, warm })
    }
    if (state.losses > 0) choices.push({ do: 'lose', index })
  }
}

function answersTo(state: State, call: Call, index: number, at: number): Choice[] {
  const choices: Choice[] = [{ do: 'answer', index, call: at }]
  const isWrite = call.verb === 'apply' || call.verb === 'delete'
  if (state.kills > 0 && isWrite) choices.push({ do: 'die', index, call: at })
  if (state.faults > 0) choices.push({ do: 'fail', index, call: at })
  if (state.faults > 0 && (isWrite || call.verb === 'list')) choices.push({ do: 'garble', index, call: at })
  return choices
}

/** Reads of what nobody will change any more: functions write ConfigMaps in the remote cluster only. */
function isApart({ scripts }: World, { made }: State, { verb, side, resource }: Call): boolean {
  if (verb !== 'get' && verb !== 'list') return false
  if (side === 'home') {
    if (made[0] === scripts[0]!.length) return true
    return resource.plural === 'namespaces' && isQuiet(scripts[0]!, made[0]!)
  }
  if (resource.plural !== 'namespaces') return false
  return scripts.every((script, index) => isQuiet(script, made[index]!))
}

/** The rest of the script leaves the namespaces alone, and the clusters what they are. */
function isQuiet(script: World['scripts'][number], made: number): boolean {
  return script.slice(made).every((edit) => !edit.namespaces)
}

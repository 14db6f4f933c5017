import { type Choice, choicesOf } from './choices.ts'
import { open, step } from './stage.ts'
import type { State } from './state.ts'
import { type World, wakeById } from './world.ts'

/**
 * Schedules as text, e.g. `e0,d0,a1.0`: edit of script 0; the first of the waiting events (by label) is delivered; the
 * first waiting call of function 1 is answered. Functions are numbered as they start. Nothing in it depends on what the
 * process has explored before.
 */
const LETTERS = {
  edit: 'e',
  deliver: 'd',
  duplicate: 'r',
  lose: 'l',
  answer: 'a',
  die: 'k',
  fail: 'f',
  garble: 'g',
} as const

/** Whose each function of the next state is: those that stood still keep theirs, and the mover has what is left. */
export function handedOn<T>(state: State, owners: readonly T[], next: State, mover?: T): T[] {
  const known = new Map(state.running.map((running, index) => [running, owners[index]!]))
  return next.running.map((running) => known.get(running) ?? mover!)
}

export async function encode(world: World, schedule: readonly Choice[]): Promise<string> {
  const tokens: string[] = []
  await follow(world, (state, numbers) => {
    const choice = schedule[tokens.length]
    if (choice) tokens.push(tokenOf(state, numbers, choice))
    return choice
  })
  return tokens.join() || '-'
}

/** @throws Error when the world offers no such choice */
export async function decode(world: World, text: string): Promise<Choice[]> {
  const tokens = text === '-' ? [] : text.split(',')
  const schedule: Choice[] = []
  await follow(world, (state, numbers) => {
    const token = tokens[schedule.length]
    if (token === undefined) return undefined
    const choice = choicesOf(world, state, false).find((one) => tokenOf(state, numbers, one) === token)
    if (!choice) throw new Error(`step ${schedule.length + 1}: this world offers no choice ${token} there`)
    schedule.push(choice)
    return choice
  })
  return schedule
}

async function follow(world: World, next: (state: State, numbers: number[]) => Choice | undefined): Promise<void> {
  const { stage, first } = await open(world)
  let state = first
  let numbers: number[] = []
  let started = 0
  for (let choice = next(state, numbers); choice; choice = next(state, numbers)) {
    const isStart = choice.do === 'deliver' || choice.do === 'duplicate'
    const mover = isStart ? ++started : 'call' in choice ? numbers[choice.index] : undefined
    const after = await step(stage, state, choice)
    numbers = handedOn(state, numbers, after, mover)
    state = after
  }
}

function tokenOf(state: State, numbers: readonly number[], choice: Choice): string {
  const letter = LETTERS[choice.do]
  if (choice.do === 'edit') return `${letter}${choice.index}`
  if ('call' in choice) return `${letter}${numbers[choice.index]}.${choice.call}`
  const labels = [...new Set(state.waiting.map((id) => wakeById(id).label))].toSorted()
  const rank = labels.indexOf(wakeById(state.waiting[choice.index]!).label)
  return `${letter}${rank}${'warm' in choice && choice.warm ? 'w' : ''}`
}

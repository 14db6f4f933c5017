import type { KubeObject } from '../../lib/cluster/port.ts'
import { type ActorNode, idle, start } from './actor.ts'
import { type Answer, toAnswer } from './calls.ts'
import { type Choice, choicesOf } from './choices.ts'
import { open, step } from './explore.ts'
import { attempt, build, carryOut } from './scene.ts'
import type { State } from './state.ts'
import { answerOf, programOf, type Stage } from './step.ts'
import { type World, wakeById } from './world.ts'

interface Player {
  name: string
  life: ReturnType<typeof start>
}

/**
 * Carries a schedule out for real: invocations of the engine that run side by side against two memory clusters, nothing
 * remembered from earlier executions. Each step must come out as the exploration says, or the exploration is wrong.
 * @returns a line a step: who, what, result
 */
export async function replay(world: World, schedule: readonly Choice[]): Promise<string[]> {
  const { stage, first } = await open(world)
  const clusters = { home: build(first.home), remote: build(first.remote) }
  const lines: string[] = []
  let state = first
  let players: Player[] = []
  let started = 0

  const settled = (next: State, mover: Player | undefined) => {
    const stayed = state.running.map((running, index) => ({ running, player: players[index]! }))
    players = next.running.map((running) => {
      const player = stayed.find((one) => one.running === running)?.player ?? mover!
      checkSame(running.node, player)
      return player
    })
    state = next
  }

  for (const choice of schedule) {
    const next = await step(stage, state, choice)
    switch (choice.do) {
      case 'edit': {
        const edit = world.scripts[choice.index]![state.made[choice.index]!]!
        attempt(clusters[edit.side], edit)
        if (edit.other) clusters[edit.side] = build({ name: edit.other.name, log: edit.other.past })
        lines.push(`user         ${edit.label}`)
        settled(next, undefined)
        break
      }
      case 'lose':
        lines.push(`platform     loses ${labelOf(state, choice.index)}`)
        settled(next, undefined)
        break
      case 'deliver':
      case 'duplicate': {
        const player = begin(stage, state, choice, `function ${++started}`)
        await idle()
        const where = choice.warm ? ' on a warm instance' : ''
        const again = choice.do === 'duplicate' ? ', and is to come again' : ''
        lines.push(`${player.name.padEnd(12)} starts${where}: ${labelOf(state, choice.index)}${again}`)
        settled(next, player)
        break
      }
      default: {
        const player = players[choice.index]!
        const call = player.life.waiting[choice.call]!.call
        const real = choice.do === 'fail' ? toAnswer(undefined) : await carryOut(clusters[call.side], call)
        const answer = answerOf(choice, call, real)
        player.life.answer(choice.call, answer)
        await idle()
        const end = choice.do === 'die' ? '; killed' : player.life.end ? `; ends${wrong(player.life.end)}` : ''
        lines.push(`${player.name.padEnd(12)} ${call.text}: ${textOf(answer)}${end}`)
        settled(next, player)
      }
    }
  }
  return lines
}

/** Indices into what could be done at each step: how a schedule is written down. */
export async function encode(world: World, schedule: readonly Choice[]): Promise<string> {
  const { stage, first } = await open(world)
  let state = first
  const indices: number[] = []
  for (const choice of schedule) {
    indices.push(choicesOf(world, state).findIndex((one) => JSON.stringify(one) === JSON.stringify(choice)))
    state = await step(stage, state, choice)
  }
  return indices.join('.') || '-'
}

/** @throws Error when the world offers no such choice */
export async function decode(world: World, text: string): Promise<Choice[]> {
  const { stage, first } = await open(world)
  let state = first
  const schedule: Choice[] = []
  for (const index of text === '-' ? [] : text.split('.')) {
    const choice = choicesOf(world, state)[Number(index)]
    if (!choice) throw new Error(`step ${schedule.length + 1}: there is no choice ${index} in this world`)
    schedule.push(choice)
    state = await step(stage, state, choice)
  }
  return schedule
}

function begin(stage: Stage, state: State, choice: Extract<Choice, { warm: boolean }>, name: string): Player {
  return { name, life: start(programOf(stage, wakeById(state.waiting[choice.index]!), choice.warm)) }
}

function checkSame(node: ActorNode, { name, life }: Player): void {
  const real = life.waiting.map(({ call }) => call.id)
  const same = real.length === node.calls.length && node.calls.every(({ id }, index) => id === real[index])
  if (!same) throw new Error(`${name} does something else than the exploration says`)
}

function labelOf(state: State, index: number): string {
  return wakeById(state.waiting[index]!).label
}

function wrong({ error }: { error?: Error }): string {
  return error ? ` with ${error.name}: ${error.message}` : ''
}

function textOf({ error, value }: Answer): string {
  if (error) return error.name
  if (value === undefined) return 'absent'
  if (Array.isArray(value)) return `[${(value as KubeObject[][]).flat().map(short).join(' ')}]`
  return typeof value === 'object' ? short(value as KubeObject) : String(value)
}

function short({ metadata, data }: KubeObject): string {
  const content = data ? ` ${JSON.stringify(data)}` : ''
  const deleting = metadata.deletionTimestamp ? ' being deleted' : ''
  return `${metadata.name}@${metadata.resourceVersion}${content}${deleting}`
}

import type { KubeObject } from '../../lib/cluster/port.ts'
import type { ActorNode } from './actor.ts'
import { type Answer, type Listed, toAnswer } from './calls.ts'
import { type Choice, choicesOf } from './choices.ts'
import { judgeOf } from './judge.ts'
import { idle, start } from './life.ts'
import { handedOn } from './notation.ts'
import { attempt, build, carryOut } from './past.ts'
import { open, type Stage, step } from './stage.ts'
import type { State, Violation } from './state.ts'
import { answerOf, programOf } from './step.ts'
import { type World, wakeById } from './world.ts'

export interface Replayed {
  /** One a step: who, what, result. */
  lines: string[]
  violation?: Violation
}

interface Player {
  name: string
  life: ReturnType<typeof start>
}

/**
 * Carries a schedule out for real: invocations of the engine that run side by side against two memory clusters, nothing
 * remembered from earlier executions. Each step must come out as the exploration says, or the exploration is wrong.
 */
export async function replay(world: World, schedule: readonly Choice[]): Promise<Replayed> {
  const { stage, first } = await open(world)
  const clusters = { home: build(first.home), remote: build(first.remote) }
  const lines: string[] = []
  let state = first
  let players: Player[] = []
  let started = 0

  const settled = (next: State, mover?: Player) => {
    players = handedOn(state, players, next, mover)
    for (const [index, { node }] of next.running.entries()) checkSame(node, players[index]!)
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
        settled(next)
        break
      }
      case 'lose':
        lines.push(`platform     loses ${labelOf(state, choice.index)}`)
        settled(next)
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
  const isEnd = choicesOf(world, state).length === 0
  const violation = state.violation ?? (isEnd ? await judgeOf(stage)(state) : undefined)
  return { lines, ...(violation && { violation }) }
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
  if (typeof value !== 'object' || value === null) return String(value)
  if (!('pages' in value)) return short(value as KubeObject)
  const { pages, isBroken } = value as Listed
  return `[${pages.flat().map(short).join(' ')}${isBroken ? ' and then breaks off' : ''}]`
}

function short({ metadata, data }: KubeObject): string {
  const content = data ? ` ${JSON.stringify(data)}` : ''
  const deleting = metadata.deletionTimestamp ? ' being deleted' : ''
  return `${metadata.name}@${metadata.resourceVersion}${content}${deleting}`
}

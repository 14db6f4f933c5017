import { type ActorNode, begin, follow, learn } from '../actor.ts'
import type { Answer, Call } from '../calls.ts'
import type { Program } from '../life.ts'
import { build } from '../past.ts'
import { edited, emptyScene, type Scene, stepOf, tryCall } from '../scene.ts'
import { judge, shownIn } from './judge.ts'
import { GROUND, type MappingWorld, SWEEP, WHOLE_SWEEP } from './worlds.ts'

/** What a cluster answers, and what it is then. */
export interface Outcome {
  readonly answer: Answer
  readonly next: Scene
}

/**
 * How clusters answer functions: as they are, unless a guard is to be taken away.
 * @param node what the function has asked so far
 */
export type Answering = (scene: Scene, call: Call, node: ActorNode) => Promise<Outcome>

export interface Explored {
  states: number
  /** What went wrong, and the steps that led there. */
  failure?: { text: string; steps: readonly string[] }
}

interface State {
  readonly home: Scene
  readonly remote: Scene
  readonly made: number
  readonly sweeps: number
  readonly kills: number
  readonly running: readonly ActorNode[]
}

interface Step {
  readonly label: string
  readonly next: State
}

/** Whatever can happen next, in every order, from where the past was served in peace; ends at the first fault. */
export async function exploreMappings(world: MappingWorld, answering: Answering = asTheyAre): Promise<Explored> {
  const seen = new Set<string>()
  const first = await openWorld(world)
  const stack: { steps: Step[]; label: string }[] = []
  const fail = (text: string): Explored => {
    return { states: seen.size, failure: { text, steps: stack.slice(1).map(({ label }) => label) } }
  }
  let arrived: Step | undefined = { label: '', next: first }
  for (;;) {
    if (arrived) {
      const { label, next } = arrived
      const steps = seen.has(keyOf(next)) ? undefined : await stepsFrom(world, next, answering)
      seen.add(keyOf(next))
      if (steps) {
        stack.push({ label, steps })
        const gaveUp = next.running.find(({ end }) => end?.error)
        if (gaveUp) return fail(`${gaveUp.program.label} gives up: ${gaveUp.end?.error?.message}`)
        const wrong = steps.length === 0 ? await verdict(next) : undefined
        if (wrong) return fail(wrong)
      }
    }
    const top = stack.at(-1)
    if (!top) return { states: seen.size }
    arrived = top.steps.pop()
    if (!arrived) stack.pop()
  }
}

/** As it is then, and as a sweep leaves it. */
async function verdict({ home, remote }: State): Promise<string | undefined> {
  const wrong = judge(shownIn(build(home), build(remote)))
  if (wrong) return wrong
  const swept = await alone(home, remote, WHOLE_SWEEP)
  const left = judge(shownIn(build(swept.home), build(swept.remote)), 'swept')
  return left && `after a sweep: ${left}`
}

function keyOf({ home, remote, made, sweeps, kills, running }: State): string {
  return [home.id, remote.id, made, sweeps, kills, ...running.map(({ id }) => id).sort((a, b) => a - b)].join()
}

async function openWorld({ past, sweeps = 0, kills = 0 }: MappingWorld): Promise<State> {
  let scenes = { home: emptyScene('home', 'rome'), remote: emptyScene('remote', 'milan') }
  for (const edit of GROUND) scenes = { ...scenes, [edit.side]: edited(scenes[edit.side], edit).next }
  for (const edit of past) {
    scenes = { ...scenes, home: edited(scenes.home, edit).next }
    if (edit.wakes) scenes = await alone(scenes.home, scenes.remote, edit.wakes)
  }
  return { ...scenes, made: 0, sweeps, kills, running: [] }
}

/** One function from its beginning to its end. */
async function alone(home: Scene, remote: Scene, program: Program): Promise<{ home: Scene; remote: Scene }> {
  let state: State = { home, remote, made: 0, sweeps: 0, kills: 0, running: [await begin(program)] }
  while (state.running.length > 0) state = await answered(state, 0, 0, asTheyAre)
  return { home: state.home, remote: state.remote }
}

async function stepsFrom(world: MappingWorld, state: State, answering: Answering): Promise<Step[]> {
  for (const [index, node] of state.running.entries()) {
    const call = node.calls.findIndex(isSettled)
    if (call >= 0) return [await stepOfCall(state, index, call, answering)]
  }
  const steps: Step[] = []
  const edit = world.script[state.made]
  if (edit) {
    const home = edited(state.home, edit).next
    const running = edit.wakes ? [...state.running, await begin(edit.wakes)] : state.running
    steps.push({ label: edit.label, next: { ...state, home, running, made: state.made + 1 } })
  }
  if (state.sweeps > 0) {
    const running = [...state.running, await begin(SWEEP)]
    steps.push({ label: SWEEP.label, next: { ...state, running, sweeps: state.sweeps - 1 } })
  }
  for (const [index, node] of state.running.entries()) {
    for (const [at, call] of node.calls.entries()) {
      const step = await stepOfCall(state, index, at, answering)
      steps.push(step)
      if (state.kills > 0 && (call.verb === 'apply' || call.verb === 'delete'))
        steps.push(await died(state, index, step))
    }
  }
  return steps
}

/** What nobody changes in these worlds: it may as well be read at once. */
function isSettled({ verb, resource }: Call): boolean {
  const isRead = verb === 'get' || verb === 'list'
  return isRead && !['endpointslices', 'endpointmappings'].includes(resource.plural)
}

async function stepOfCall(state: State, index: number, at: number, answering: Answering): Promise<Step> {
  const { program, calls } = state.running[index]!
  const name = `${program.label} (${index})`
  return { label: `${name}: ${calls[at]?.text}`, next: await answered(state, index, at, answering) }
}

/** The function ends with its write, and begins anew as its event comes again. */
async function died(state: State, index: number, { label, next }: Step): Promise<Step> {
  const running = state.running.with(index, await begin(state.running[index]!.program))
  return { label: `${label}; it dies`, next: { ...next, running, kills: state.kills - 1 } }
}

async function answered(state: State, index: number, at: number, answering: Answering): Promise<State> {
  const node = state.running[index]!
  const call = node.calls[at]!
  const { answer, next } = await answering(state[call.side], call, node)
  if (!follow(node, at, answer)) await learn(node, at, answer)
  const after = follow(node, at, answer)!
  const isDone = after.end && !after.end.error
  const running = isDone ? state.running.toSpliced(index, 1) : state.running.with(index, after)
  return { ...state, [call.side]: next, running }
}

export async function asTheyAre(scene: Scene, call: Call): Promise<Outcome> {
  if (!stepOf(scene, call)) await tryCall(scene, call)
  return stepOf(scene, call)!
}

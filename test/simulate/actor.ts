import type { Answer, Call } from './calls.ts'
import { idle, type Program, start } from './life.ts'

/**
 * A point in the life of an invocation: after the answers so far it waits for these calls, or it has ended. What it
 * does next depends on answers alone, so every point is computed once, by running the engine, and then remembered.
 */
export interface ActorNode {
  id: number
  program: Program
  calls: readonly Call[]
  end: { error?: Error } | undefined
  /** By path: `uid/resourceVersion` that it read or wrote last, `none` when absent. */
  seen: Readonly<Record<string, string>>
  next: Map<string, ActorNode>
  before: { node: ActorNode; index: number; answer: Answer } | undefined
}

let nodes = 0
const roots = new Map<Program, ActorNode>()

/** The invocation's first point. */
export async function begin(program: Program): Promise<ActorNode> {
  const known = roots.get(program) ?? (await explore(program, undefined))
  roots.set(program, known)
  return known
}

export function begun(program: Program): ActorNode | undefined {
  return roots.get(program)
}

/** What follows when the waiting call `index` is answered; undefined when that was never tried: then `learn` it. */
export function follow(node: ActorNode, index: number, answer: Answer): ActorNode | undefined {
  return node.next.get(`${index}:${answer.id}`)
}

export async function learn(node: ActorNode, index: number, answer: Answer): Promise<void> {
  const next = await explore(node.program, { node, index, answer })
  node.next.set(`${index}:${answer.id}`, next)
}

async function explore(program: Program, before: ActorNode['before']): Promise<ActorNode> {
  const script: NonNullable<ActorNode['before']>[] = []
  for (let link = before; link; link = link.node.before) script.unshift(link)
  const life = start(program)
  await idle()
  for (const { node, index, answer } of script) {
    checkSame(
      node,
      life.waiting.map(({ call }) => call),
    )
    life.answer(index, answer)
    await idle()
  }
  if (before && life.waiting.length === 0 && !life.end) throw new Error(`${program.label} waits for nothing`)
  return {
    id: nodes++,
    program,
    calls: life.waiting.map(({ call }) => call),
    end: life.end,
    seen: before ? seenAfter(before.node, before.index, before.answer) : {},
    next: new Map(),
    before,
  }
}

/** All the approach rests on: the same answers lead to the same calls. */
function checkSame(node: ActorNode, now: readonly Call[]): void {
  const same = node.calls.length === now.length && node.calls.every((call, index) => call === now[index])
  if (!same) throw new Error(`${node.program.label} is not determined by the answers it gets`)
}

function seenAfter(node: ActorNode, index: number, { value, error }: Answer): ActorNode['seen'] {
  const call = node.calls[index]
  if (!call || error || (call.verb !== 'get' && call.verb !== 'apply')) return node.seen
  return { ...node.seen, [call.path]: versionOf(value as { metadata: { uid?: string; resourceVersion?: string } }) }
}

export function versionOf(object: { metadata: { uid?: string; resourceVersion?: string } } | undefined): string {
  return object ? `${object.metadata.uid}/${object.metadata.resourceVersion}` : 'none'
}

import type { Cluster } from '../../lib/cluster/port.ts'
import type { Peering } from '../../lib/reflect/peering.ts'
import { twoClusters } from '../support/two-clusters.ts'
import { type Answer, type Asked, askingCluster, type Call, toCall } from './calls.ts'

/** What one invocation runs: the engine, from a peering whose clusters answer only when told to. */
export interface Program {
  label: string
  run(peering: Peering): Promise<unknown>
  /** Runs before, with answers from a settled world: what a warm instance remembers. */
  remember?: (peering: Peering) => Promise<unknown>
  /** The clusters that `remember` asks. */
  past?: { home: Cluster; remote: Cluster }
}

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

/** What the configuration says about a peering when nothing is set. */
const CONFIGURED = twoClusters().peering

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

interface Waiting {
  call: Call
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** An invocation of the real engine; it stands still until a call is answered. */
export function start(program: Program) {
  const waiting: Waiting[] = []
  const life = {
    waiting,
    end: undefined as ActorNode['end'],
    answer(index: number, { value, error }: Answer) {
      const [asked] = waiting.splice(index, 1)
      if (error) asked?.reject(error)
      else asked?.resolve(value)
    },
  }
  let past = program.past
  const ask = (asked: Asked): Promise<unknown> => {
    if (past) return recall(past, asked)
    return new Promise((resolve, reject) => waiting.push({ call: toCall(asked), resolve, reject }))
  }
  const peering: Peering = {
    ...CONFIGURED,
    home: askingCluster('home', 'rome', ask),
    remote: askingCluster('remote', 'milan', ask),
    log: silent,
  }
  const remembered = Promise.resolve(program.remember?.(peering)).then(() => {
    past = undefined
  })
  remembered
    .then(() => program.run(peering))
    .then(
      () => {
        life.end = {}
      },
      (error: Error) => {
        life.end = { error }
      },
    )
  return life
}

/** Reads only: a memory is made of nothing else. */
async function recall(past: { home: Cluster; remote: Cluster }, asked: Asked): Promise<unknown> {
  if (asked.verb === 'get') return past[asked.side].get(asked.resource, asked.ref)
  if (asked.verb === 'list') return Array.fromAsync(past[asked.side].list(asked.resource, asked.options))
  throw new Error('a memory is made by reading')
}

/** Until every promise that can settle has settled. */
export function idle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function seenAfter(node: ActorNode, index: number, { value, error }: Answer): ActorNode['seen'] {
  const call = node.calls[index]
  if (!call || error || (call.verb !== 'get' && call.verb !== 'apply')) return node.seen
  return { ...node.seen, [call.path]: versionOf(value as { metadata: { uid?: string; resourceVersion?: string } }) }
}

export function versionOf(object: { metadata: { uid?: string; resourceVersion?: string } } | undefined): string {
  return object ? `${object.metadata.uid}/${object.metadata.resourceVersion}` : 'none'
}

const silent = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silent,
}

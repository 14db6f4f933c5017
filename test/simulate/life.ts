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

/** What the configuration says about a peering when nothing is set. */
const CONFIGURED = twoClusters().peering

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
    end: undefined as { error?: Error } | undefined,
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
  if (asked.verb === 'list')
    return { pages: await Array.fromAsync(past[asked.side].list(asked.resource, asked.options)) }
  throw new Error('a memory is made by reading')
}

/** Until every promise that can settle has settled. */
export function idle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const silent = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  metrics() {},
  with: () => silent,
}

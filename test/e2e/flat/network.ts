import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Answer, Order } from './host.ts'

/**
 * A network that routes everybody's addresses to everybody, as a VPC or Submariner would: a network namespace of its
 * own, whose loopback interface has whole ranges of addresses. It ends with its process, and leaves nothing behind.
 */
export interface FlatNetwork {
  /** Serves on an address of the ranges: whoever connects is told the name, and the address that the server saw. */
  serve(address: string, port: number, name: string): Promise<void>
  /** Connects, from an address of the ranges. @throws when nobody answers there */
  connect(from: string, to: string, port: number): Promise<{ name: string; from: string }>
  stop(): Promise<void>
}

const NAMESPACE = ['--map-root-user', '--net']

/** Why this machine cannot make such a network; undefined where it can. */
export function whyNoFlatNetwork(): string | undefined {
  const { error, status, stderr } = spawnSync('unshare', [...NAMESPACE, 'ip', 'link', 'set', 'lo', 'up'])
  if (error) return `unshare (util-linux) cannot be run: ${error.message}`
  return status === 0 ? undefined : `no network namespace with ip (iproute2): ${String(stderr).trim()}`
}

/** @param ranges e.g. `['10.10.0.0/16', '10.20.0.0/16']` */
export async function startFlatNetwork(ranges: readonly string[]): Promise<FlatNetwork> {
  const program = join(import.meta.dirname, 'host.ts')
  const child = spawn('unshare', [...NAMESPACE, process.execPath, program, ...ranges], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let count = 0
  async function ask(order: Order['do']): Promise<Answer> {
    const id = ++count
    const answer = answerTo(child, id)
    child.send({ id, do: order } satisfies Order)
    const { error, ...rest } = await answer
    if (error !== undefined) throw new Error(error)
    return rest
  }
  return {
    serve: async (address, port, name) => void (await ask({ serve: { address, port, name } })),
    async connect(from, to, port) {
      const { met } = await ask({ connect: { from, to, port } })
      if (!met) throw new Error(`${to}:${port} answered nothing`)
      return met
    },
    async stop() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

function answerTo(child: ChildProcess, id: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      child.off('message', onMessage)
      child.off('exit', onExit)
      settle()
    }
    const onMessage = (answer: Answer) => answer.id === id && end(() => resolve(answer))
    const onExit = (code: number | null) => end(() => reject(new Error(`the flat network ended with ${code}`)))
    child.on('message', onMessage)
    child.on('exit', onExit)
  })
}

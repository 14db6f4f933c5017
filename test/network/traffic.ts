/** Packets of the test: pings, TCP both ways, and what a device carries. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { eventually } from '../../infra/local/eventually.ts'
import type { Space } from './space.ts'

const MACHINE = [process.execPath, join(import.meta.dirname, 'machine.ts')] as const

/** Whether an address answers one ping at least, of a few. */
export async function answers(from: Space, address: string, ...options: string[]): Promise<boolean> {
  return (await from.try('ping', '-q', '-c2', '-i0.2', '-W1', ...options, address)).code === 0
}

/** How many of so many pings, so many seconds apart, were lost. */
export async function lossOf(from: Space, address: string, count: number, interval: number): Promise<number> {
  const { stdout } = await from.try('ping', '-q', `-c${count}`, `-i${interval}`, '-W2', address)
  return count - Number(/(\d+) received/.exec(stdout)?.[1] ?? 0)
}

/** Starts a server that tells who it is asked by, and as whom. */
export async function serve(at: Space, ...ports: number[]): Promise<ChildProcess> {
  const child = at.start(...MACHINE, 'serve', ...ports.map(String))
  await firstLine(child)
  return child
}

/** @returns "<client's address as the server sees it> <server's own address>", or "" without an answer */
export async function ask(from: Space, host: string, port: number, source?: string): Promise<string> {
  const { stdout } = await from.try(...MACHINE, 'ask', host, String(port), ...(source ? [source] : []))
  return stdout
}

/** Carries a namespace's 127.0.0.1:port to a unix socket: namespaces have a file system in common, and no network. */
export async function relay(at: Space, port: number, socket: string): Promise<ChildProcess> {
  const child = at.start(...MACHINE, 'relay', String(port), socket)
  await firstLine(child)
  return child
}

export interface Stream {
  /** That have come so far. */
  bytes(): number
  /** Waits until so many more bytes have come over the one connection. */
  flows(bytes: number): Promise<void>
  stop(): void
}

/** One TCP connection that sends all it can. */
export async function pour(from: Space, to: Space, address: string, port: number): Promise<Stream> {
  const sink = to.start(...MACHINE, 'sink', String(port))
  let last = ''
  createInterface({ input: sink.stdout! }).on('line', (line) => {
    last = line
  })
  await eventually('a sink', async () => last.endsWith(' 0'))
  const source = from.start(...MACHINE, 'pour', address, String(port))
  const bytes = () => Number(last.split(' ')[0])
  return {
    bytes,
    async flows(more) {
      const end = bytes() + more
      await eventually(`${more} bytes more`, async () => bytes() >= end)
      if (!last.endsWith(' 1')) throw new Error(`${last.split(' ')[1]} connections instead of one`)
    },
    stop() {
      source.kill()
      sink.kill()
    },
  }
}

export interface Capture {
  /** Lines of tcpdump, once there are as many as were asked for. */
  lines: Promise<string[]>
}

/** Catches the next packets of a device. */
export async function capture(at: Space, device: string, count: number, filter: string): Promise<Capture> {
  const child = at.start('tcpdump', '-lnni', device, `-c${count}`, filter)
  const lines: string[] = []
  createInterface({ input: child.stdout! }).on('line', (line) => lines.push(line))
  let said = ''
  child.stderr!.on('data', (chunk) => {
    said += chunk
  })
  await eventually(`tcpdump of ${device}`, async () => said.includes('listening on'))
  return { lines: once(child, 'close').then(() => lines) }
}

async function firstLine(child: ChildProcess): Promise<void> {
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  const gone = once(child, 'exit').then(() => {
    throw new Error(`ended at once: ${said}`)
  })
  await Promise.race([once(child.stdout!, 'data'), gone])
}

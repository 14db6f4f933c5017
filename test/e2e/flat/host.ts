/** Runs inside the network namespace of a FlatNetwork, and does what it is told over IPC until that is closed. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Order {
  id: number
  do:
    | { serve: { address: string; port: number; name: string } }
    | { connect: { from: string; to: string; port: number } }
}

export interface Answer {
  id?: number
  error?: string
  /** Who answered, and as whom it saw the caller. */
  met?: { name: string; from: string }
}

const CONNECT_MS = 10_000

execFileSync('ip', ['link', 'set', 'lo', 'up'])
for (const range of process.argv.slice(2)) execFileSync('ip', ['route', 'add', 'local', range, 'dev', 'lo'])

process.on('message', async (order: Order) => {
  const answer = await carryOut(order.do).catch((error: Error) => ({ error: error.message }))
  process.send!({ id: order.id, ...answer } satisfies Answer)
})
process.on('disconnect', () => process.exit(0))

async function carryOut(order: Order['do']): Promise<Answer> {
  if ('serve' in order) {
    const { address, port, name } = order.serve
    const server = createServer((socket) => socket.end(JSON.stringify({ name, from: socket.remoteAddress })))
    server.listen(port, address)
    await once(server, 'listening')
    return {}
  }
  const { from, to, port } = order.connect
  const socket = connect({ host: to, port, localAddress: from, timeout: CONNECT_MS })
  socket.on('timeout', () => socket.destroy(new Error(`${to}:${port} does not answer`)))
  return { met: JSON.parse(await text(socket)) as NonNullable<Answer['met']> }
}

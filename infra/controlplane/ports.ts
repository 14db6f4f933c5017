/** Free loopback ports for servers that are told their port on the command line, or long before they start. */
import { createServer, type Server } from 'node:net'

/** Below the ports that systems give to connections and to those who ask for any port, and below NodePorts. */
const FIRST = 10_000
const BLOCKS = 390
const BLOCK = 50

/** What is left of the block that this process holds. */
const left: number[] = []

/**
 * A port of 127.0.0.1 that is free now, and that no other process gets here: each takes ports from a block of its own.
 * A stranger may still bind it first, so a caller whose server finds it taken asks again.
 * @throws Error when other processes hold all blocks
 */
export async function freePort(): Promise<number> {
  for (;;) {
    if (left.length === 0) left.push(...(await claimBlock()))
    const port = left.shift()!
    const probe = await bind(port)
    if (!probe) continue
    await new Promise((closed) => probe.close(closed))
    return port
  }
}

/** Whoever holds a block listens on its first port for as long as it lives. */
async function claimBlock(): Promise<number[]> {
  for (let tried = 0; tried < BLOCKS; tried++) {
    const first = FIRST + ((process.pid + tried) % BLOCKS) * BLOCK
    const claim = await bind(first)
    if (!claim) continue
    claim.unref()
    return Array.from({ length: BLOCK - 1 }, (_, index) => first + 1 + index)
  }
  throw new Error(`ports ${FIRST}-${FIRST + BLOCKS * BLOCK - 1} of 127.0.0.1 are all in use: end what was left running`)
}

const bind = (port: number): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen(port, '127.0.0.1', () => resolve(server))
  })

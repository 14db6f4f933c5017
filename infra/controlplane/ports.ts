/** Free loopback ports for servers that are told their port on the command line. */
import { createServer } from 'node:net'

/** Handed out by this process: clusters that start side by side must not be given one another's. */
const given = new Set<number>()

/**
 * A port of 127.0.0.1 that is free now. Another process may still take it before its user binds it, so a caller
 * whose server finds it taken asks again.
 */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = await probe()
    if (given.has(port)) continue
    given.add(port)
    return port
  }
}

const probe = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      server.close(() => resolve(port))
    })
  })

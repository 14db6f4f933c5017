import type { Agent } from 'node:https'
import https from 'node:https'
import type { TLSSocket } from 'node:tls'
import { bodyReader, type Connection, isShort, type Reply, type Wire, WireError } from './wire.ts'

export interface H1Options {
  host: string
  port: number
  maxSockets: number
  /** Opens another connection like the first one. */
  connect(): Promise<TLSSocket>
}

/** HTTP/1.1 keep-alive, for servers (or proxies in front of them) that do not offer HTTP/2. */
export function h1Connection(first: TLSSocket, { host, port, maxSockets, connect }: H1Options): Connection {
  let spare: TLSSocket | undefined = first
  first.unref()
  let agent = newAgent()
  let closed = false

  function newAgent(): Agent {
    const created = new https.Agent({ keepAlive: true, maxSockets })
    created.createConnection = (_options, callback) => {
      const ready = spare && !spare.destroyed ? Promise.resolve(spare) : connect()
      spare = undefined
      ready.then(
        (socket) => callback?.(null, socket.ref()),
        (error: Error) => callback?.(error, undefined as never),
      )
      return undefined
    }
    return created
  }

  return {
    alive: () => !closed,
    capacity: () => maxSockets,
    // There is no PING here: after a pause the idle sockets are given up, and the next request opens one.
    async verify() {
      agent.destroy()
      spare?.destroy()
      spare = undefined
      agent = newAgent()
      return true
    },
    send: (wire) => exchange(agent, host, port, wire),
    close() {
      closed = true
      spare?.destroy()
      agent.destroy()
    },
  }
}

function exchange(agent: Agent, host: string, port: number, wire: Wire): Promise<Reply> {
  return new Promise((done, fail) => {
    const { method, path } = wire
    const length = wire.body === undefined ? {} : { 'content-length': Buffer.byteLength(wire.body) }
    const request = https.request({ agent, host, port, method, path, headers: { ...wire.headers, ...length } })
    const give = (failure: 'late' | 'large', code: string) => {
      fail(new WireError(failure, code))
      request.destroy()
    }
    const lost = (error?: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      fail(new WireError('lost', error?.code ?? 'ECONNRESET', { cause: error }))
    }
    const body = bodyReader(() => give('large', 'ERR_REPLY_TOO_LARGE'), wire.atMost)
    const timer = setTimeout(() => give('late', 'ETIMEDOUT'), wire.timeoutMs)
    request.on('error', lost)
    request.on('response', (response) => {
      response.on('data', (chunk: Buffer) => body.add(chunk))
      response.on('error', lost)
      response.on('close', () => {
        clearTimeout(timer)
        if (!response.complete) lost()
        else if (isShort(body.size(), response.headers['content-length'])) lost()
        else done({ status: response.statusCode ?? 0, headers: response.headers, text: body.text() })
      })
    })
    request.end(wire.body)
  })
}

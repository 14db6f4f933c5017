import { connectTls, type Endpoint } from './connect.ts'
import type { Credentials } from './credentials.ts'
import { h1Connection } from './h1.ts'
import { h2Connection } from './h2.ts'
import type { Identity } from './identity.ts'
import { proxyFor, unbracketed } from './proxy.ts'
import type { Address } from './unreachable.ts'
import type { Connection } from './wire.ts'

export interface DialOptions {
  credentials: Credentials
  proxy?: string | undefined
  noProxy?: readonly string[]
  timeoutMs: number
  pingTimeoutMs: number
  maxOpen: number
}

/** Opens connections to one API server: HTTP/2 where it is offered (ALPN), HTTP/1.1 otherwise. */
export function createDialer({ credentials, timeoutMs, pingTimeoutMs, maxOpen, ...options }: DialOptions) {
  const server = new URL(credentials.server)
  const proxy = credentials.proxy ? new URL(credentials.proxy) : proxyFor(server, options.proxy, options.noProxy)
  const { ca, serverName, insecure } = credentials

  function endpoint({ cert, key }: Identity): Endpoint {
    return {
      host: unbracketed(server.hostname),
      port: Number(server.port) || 443,
      timeoutMs,
      ...(proxy ? { proxy } : {}),
      tls: {
        ...(ca ? { ca } : {}),
        ...(cert && key ? { cert, key } : {}),
        ...(serverName ? { servername: serverName } : {}),
        ...(insecure ? { rejectUnauthorized: false } : {}),
      },
    }
  }

  const address: Address = { server: server.host, ...(proxy ? { proxy: proxy.host } : {}) }
  return {
    /** For messages. */
    address,
    /** A connection of its own, HTTP/1.1. @throws errors of net and tls, with a code */
    socket: (identity: Identity) => connectTls(endpoint(identity), ['http/1.1']),
    /** @throws errors of net and tls, with a code */
    async dial(identity: Identity): Promise<Connection> {
      const target = endpoint(identity)
      const socket = await connectTls(target, ['h2', 'http/1.1'])
      if (socket.alpnProtocol === 'h2') {
        return h2Connection(socket, { origin: server.origin, maxStreams: maxOpen, pingTimeoutMs })
      }
      const { host, port } = target
      return h1Connection(socket, { host, port, maxSockets: maxOpen, connect: () => connectTls(target, ['http/1.1']) })
    },
  }
}

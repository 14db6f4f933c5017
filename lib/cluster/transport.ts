import type { TLSSocket } from 'node:tls'
import { connectTls, type Endpoint } from './connect.ts'
import type { Credentials } from './credentials.ts'
import { ClusterError } from './errors.ts'
import { h1Connection } from './h1.ts'
import { h2Connection } from './h2.ts'
import type { Identity } from './identity.ts'
import { USER_AGENT } from './port.ts'
import { proxyFor, unbracketed } from './proxy.ts'
import { unreachable } from './unreachable.ts'
import { VERSION } from './version.ts'
import { type Connection, type Reply, WireError } from './wire.ts'

export interface TransportOptions {
  /** ClusterID, e.g. `rome`. */
  id: string
  credentials: Credentials
  /** Name of the function, for the User-Agent, e.g. `configmap`. */
  caller: string
  /** URL of the proxy, credentials in it included, and the hosts without it (proxy.ts). The kubeconfig's own wins. */
  proxy?: string | undefined
  noProxy?: readonly string[]
  /** For connecting, and again for each answer, ms; 10,000 unless told. */
  timeoutMs?: number
  /** A connection unused for this long is asked whether it still lives (PING) before its next request, ms; 3,000. */
  idleMs?: number
  /** How long that may take, ms; 1,000. */
  pingTimeoutMs?: number
  /** Requests open at once; 100, or less where the server says so. Further ones wait. */
  maxOpen?: number
}

export interface Request {
  body?: string
  contentType?: string
  headers?: Record<string, string>
  timeoutMs?: number
  /**
   * Whether it may be sent again when the connection died under way and nobody knows if it was carried out: true for
   * GET unless told. What the server certainly did not see is always sent again.
   */
  repeatable?: boolean
}

export interface Transport {
  readonly id: string
  /**
   * Sends one request, `path` with its query, and returns the answer whatever its status.
   * @throws UnreachableError when there is none; CredentialsError when there is nothing to authenticate with
   */
  request(method: string, path: string, request?: Request): Promise<Reply>
  /** Ends the connection once its open requests are answered. */
  close(): void
}

/** Times that one request is sent, the first included, when servers refuse it unseen (GOAWAY, too many streams). */
const ATTEMPTS = 4

/** One kept-open connection to the API server of one cluster: HTTP/2, or HTTP/1.1 where it is not offered. */
export function createTransport(options: TransportOptions): Transport {
  const { id, credentials, timeoutMs = 10_000, idleMs = 3_000, pingTimeoutMs = 1_000, maxOpen = 100 } = options
  const server = new URL(credentials.server)
  const { proxy: own } = credentials
  const proxy = own ? new URL(own) : proxyFor(server, options.proxy, options.noProxy)
  const userAgent = `${USER_AGENT}${VERSION} (${options.caller})`
  const prefix = server.pathname.replace(/\/+$/, '')
  const address = { server: server.host, ...(proxy ? { proxy: proxy.host } : {}) }

  let live: { connection: Connection; cert: Identity['cert'] } | undefined
  let opening: Promise<Connection> | undefined
  let checking: Promise<boolean> | undefined
  /** Wall clock: a frozen function's monotonic clock may stand still while the server drops its connection. */
  let usedAt = 0
  let open = 0
  const waiting: (() => void)[] = []

  function endpoint(identity: Identity): Endpoint {
    const { ca, serverName, insecure } = credentials
    const { cert, key } = identity
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

  async function connect(identity: Identity): Promise<Connection> {
    const target = endpoint(identity)
    const socket: TLSSocket = await connectTls(target, ['h2', 'http/1.1'])
    const { host, port } = target
    const connection =
      socket.alpnProtocol === 'h2'
        ? h2Connection(socket, { origin: server.origin, maxStreams: maxOpen, pingTimeoutMs })
        : h1Connection(socket, { host, port, maxSockets: maxOpen, connect: () => connectTls(target, ['http/1.1']) })
    live = { connection, cert: identity.cert }
    usedAt = Date.now()
    return connection
  }

  async function connected(identity: Identity): Promise<Connection> {
    if (opening) return opening
    const held = live?.connection
    if (held?.alive() && String(live?.cert) === String(identity.cert)) {
      if (Date.now() - usedAt < idleMs) return held
      checking ??= held.verify().finally(() => {
        checking = undefined
        usedAt = Date.now()
      })
      if (await checking) return held
    } else held?.close()
    // Whoever comes here while it opens waits for the same one.
    opening ??= connect(identity).finally(() => {
      opening = undefined
    })
    return opening
  }

  async function send(method: string, path: string, request: Request): Promise<Reply> {
    let identity = await credentials.identity.current()
    let renewed = false
    for (let attempt = 1; ; attempt++) {
      try {
        const connection = await connected(identity)
        const reply = await connection.send({
          method,
          path: prefix + path,
          headers: {
            accept: 'application/json',
            'user-agent': userAgent,
            ...(identity.authorization ? { authorization: identity.authorization } : {}),
            ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
            ...credentials.headers,
            ...request.headers,
          },
          timeoutMs: request.timeoutMs ?? timeoutMs,
          ...(request.body === undefined ? {} : { body: request.body }),
        })
        usedAt = Date.now()
        if (reply.status !== 401 || renewed) return reply
        renewed = true
        const newer = await credentials.identity.renew(identity)
        if (!newer) return reply
        identity = newer
      } catch (error) {
        if (error instanceof ClusterError) throw error
        // The next request asks the connection first.
        usedAt = 0
        const repeatable = request.repeatable ?? method === 'GET'
        if (!(error instanceof WireError) || !mayRepeat(error, repeatable, attempt)) {
          throw unreachable(id, `${method} ${path.split('?')[0]}`, address, error)
        }
      }
    }
  }

  const capacity = () => (live?.connection.alive() ? Math.max(1, live.connection.capacity()) : maxOpen)

  async function request(method: string, path: string, request: Request = {}): Promise<Reply> {
    if (open < capacity() && waiting.length === 0) open++
    else await new Promise<void>((go) => waiting.push(go))
    try {
      return await send(method, path, request)
    } finally {
      open--
      // The place passes on before anyone new can take it; the server may have changed how many there are.
      while (open < capacity() && waiting.length > 0) {
        open++
        waiting.shift()?.()
      }
    }
  }

  return {
    id,
    request,
    close() {
      live?.connection.close()
      live = undefined
    },
  }
}

function mayRepeat({ failure }: WireError, repeatable: boolean, attempt: number): boolean {
  if (failure === 'refused') return attempt < ATTEMPTS
  return failure === 'lost' && repeatable && attempt === 1
}

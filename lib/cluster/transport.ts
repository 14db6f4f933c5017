import type { Credentials } from './credentials.ts'
import { createDialer } from './dial.ts'
import { ClusterError } from './errors.ts'
import type { Identity } from './identity.ts'
import { createPlaces } from './places.ts'
import { USER_AGENT } from './port.ts'
import { createStreams, type OpenStream } from './stream.ts'
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
  /** Bytes of the answer that are taken; more is an UnreachableError whose cause is a WireError `large`. */
  atMost?: number
}

export interface Transport {
  readonly id: string
  /**
   * Sends one request, `path` with its query, and returns the answer whatever its status.
   * @throws UnreachableError when there is none; CredentialsError when there is nothing to authenticate with
   */
  request(method: string, path: string, request?: Request): Promise<Reply>
  /** For answers that last (logs that are followed). */
  stream: OpenStream
  /** Ends the connection once its open requests are answered. */
  close(): void
}

/** Times that one request is sent, the first included, when servers refuse it unseen (GOAWAY, too many streams). */
const ATTEMPTS = 4

/** One kept-open connection to the API server of one cluster: HTTP/2, or HTTP/1.1 where it is not offered. */
export function createTransport(options: TransportOptions): Transport {
  const { id, credentials, timeoutMs = 10_000, idleMs = 3_000, pingTimeoutMs = 1_000, maxOpen = 100 } = options
  const dialer = createDialer({ ...options, timeoutMs, pingTimeoutMs, maxOpen })
  const { address, dial } = dialer
  const userAgent = `${USER_AGENT}${VERSION} (${options.caller})`
  const prefix = new URL(credentials.server).pathname.replace(/\/+$/, '')

  let live: { connection: Connection; cert: Identity['cert'] } | undefined
  let opening: Promise<Connection> | undefined
  let checking: Promise<boolean> | undefined
  /** Wall clock: a frozen function's monotonic clock may stand still while the server drops its connection. */
  let usedAt = 0

  async function open(identity: Identity): Promise<Connection> {
    const connection = await dial(identity)
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
    opening ??= open(identity).finally(() => {
      opening = undefined
    })
    return opening
  }

  function headersOf({ authorization }: Identity, request: Request = {}): Record<string, string> {
    return {
      accept: 'application/json',
      'user-agent': userAgent,
      ...(authorization ? { authorization } : {}),
      ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      ...credentials.headers,
      ...request.headers,
    }
  }

  async function send(method: string, path: string, request: Request): Promise<Reply> {
    const { body, atMost, repeatable = method === 'GET' } = request
    const wire = {
      method,
      path: prefix + path,
      timeoutMs: request.timeoutMs ?? timeoutMs,
      ...(body === undefined ? {} : { body }),
      ...(atMost === undefined ? {} : { atMost }),
    }
    let identity = await credentials.identity.current()
    let renewed = false
    let refused = 0
    let lost = 0
    for (;;) {
      try {
        const connection = await connected(identity)
        const reply = await connection.send({ ...wire, headers: headersOf(identity, request) })
        usedAt = Date.now()
        const newer = reply.status === 401 && !renewed ? await credentials.identity.renew(identity) : undefined
        if (!newer) return reply
        identity = newer
        renewed = true
      } catch (error) {
        if (error instanceof ClusterError) throw error
        // The next request asks the connection first.
        usedAt = 0
        const failure = error instanceof WireError ? error.failure : undefined
        if (failure === 'refused' && ++refused < ATTEMPTS) continue
        if (failure === 'lost' && repeatable && ++lost === 1) continue
        throw unreachable(id, `${method} ${path.split('?')[0]}`, address, error)
      }
    }
  }

  const inPlace = createPlaces(() => (live?.connection.alive() ? Math.max(1, live.connection.capacity()) : maxOpen))
  return {
    id,
    stream: createStreams({ id, credentials, dialer, prefix, headersOf, timeoutMs }),
    request: (method, path, request = {}) => inPlace(() => send(method, path, request)),
    close() {
      live?.connection.close()
      live = undefined
    },
  }
}

import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { bodyReader, type Connection, isShort, type Reply, type Wire, WireError, type WireFailure } from './wire.ts'

const { NGHTTP2_REFUSED_STREAM, NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = http2.constants

/** Bytes that the server may send before we acknowledge: the default of 64 KiB makes a list wait for round trips. */
const WINDOW = 4 << 20
/** MB that Node lets a session hold; at its default of 10, concurrent large answers are refused. */
const SESSION_MEMORY = 256

export interface H2Options {
  /** `https://host:port` */
  origin: string
  /** Open streams at most, whatever the server allows. */
  maxStreams: number
  /** How long a PING may take, ms. */
  pingTimeoutMs: number
}

/** HTTP/2 over a socket that negotiated it. The process may end while no request is open. */
export function h2Connection(socket: TLSSocket, { origin, maxStreams, pingTimeoutMs }: H2Options): Connection {
  const session = http2.connect(origin, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: WINDOW },
    maxSessionMemory: SESSION_MEMORY,
  })
  let open = 0
  let leaving = false
  session.on('connect', () => session.setLocalWindowSize(WINDOW * 4))
  // Node closes the session on a graceful GOAWAY only in its next turn: take no request until then either.
  session.on('goaway', () => {
    leaving = true
  })
  // The requests on it get their own error; without a listener this one would end the process.
  session.on('error', () => {})
  session.unref()

  /** Keeps the process from ending while `run` waits for the server. */
  async function held<T>(run: () => Promise<T>): Promise<T> {
    if (open++ === 0 && !session.destroyed) session.ref()
    try {
      return await run()
    } finally {
      if (--open === 0 && !session.destroyed) session.unref()
    }
  }

  return {
    alive: () => !leaving && !session.closed && !session.destroyed,
    capacity: () => Math.min(maxStreams, session.remoteSettings?.maxConcurrentStreams ?? maxStreams),
    verify: () => held(() => ping(session, pingTimeoutMs)),
    send: (wire) => held(() => exchange(session, wire)),
    close: () => session.close(),
  }
}

/** Destroys the session when there is no answer: the other end forgot it, or a NAT on the way did. */
async function ping(session: ClientHttp2Session, timeoutMs: number): Promise<boolean> {
  if (session.destroyed) return false
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), timeoutMs)
  const onClose = () => resolve(false)
  session.once('close', onClose)
  try {
    if (!session.ping((error) => resolve(!error))) resolve(false)
  } catch {
    resolve(false)
  }
  const answered = await promise
  clearTimeout(timer)
  session.off('close', onClose)
  if (!answered) session.destroy()
  return answered && !session.closed && !session.destroyed
}

function exchange(session: ClientHttp2Session, wire: Wire): Promise<Reply> {
  return new Promise((done, fail) => {
    const failed = (failure: WireFailure, code: string, cause?: unknown) =>
      fail(new WireError(failure, code, cause === undefined ? undefined : { cause }))
    let stream: ClientHttp2Stream
    try {
      const head = { ':method': wire.method, ':path': wire.path, ...wire.headers }
      stream = session.request(head, { endStream: wire.body === undefined })
    } catch (error) {
      // Thrown before a byte is sent: the session is closing or gone.
      failed('refused', (error as NodeJS.ErrnoException).code ?? 'ERR_HTTP2', error)
      return
    }
    let reply: Omit<Reply, 'text'> | undefined
    let ended = false
    let error: NodeJS.ErrnoException | undefined
    const give = (failure: WireFailure, code: string) => {
      failed(failure, code)
      stream.close(NGHTTP2_CANCEL)
    }
    const body = bodyReader(() => give('large', 'ERR_REPLY_TOO_LARGE'), wire.atMost)
    const timer = setTimeout(() => give('late', 'ETIMEDOUT'), wire.timeoutMs)
    stream.on('response', ({ ':status': status, ...headers }) => {
      reply = { status: status ?? 0, headers: headers as Reply['headers'] }
    })
    stream.on('data', (chunk: Buffer) => body.add(chunk))
    stream.on('end', () => {
      ended = true
    })
    stream.on('error', (caught) => {
      error = caught
    })
    stream.on('close', () => {
      clearTimeout(timer)
      if (stream.rstCode === NGHTTP2_REFUSED_STREAM) failed('refused', 'REFUSED_STREAM', error)
      else if (error || stream.rstCode !== NGHTTP2_NO_ERROR || !reply || !ended) failed('lost', codeOf(error), error)
      else if (isShort(body.size(), reply.headers['content-length'])) failed('lost', 'ERR_SHORT_BODY')
      else done({ ...reply, text: body.text() })
    })
    if (wire.body !== undefined) stream.end(wire.body)
  })
}

function codeOf(error: NodeJS.ErrnoException | undefined): string {
  return error?.code ?? 'ECONNRESET'
}

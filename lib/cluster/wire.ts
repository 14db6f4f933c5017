/** One request as it goes over a connection. Header names are lower case. */
export interface Wire {
  method: string
  /** With query. */
  path: string
  headers: Record<string, string>
  body?: string
  /** For the whole answer once the request is sent, ms. */
  timeoutMs: number
  /** Bytes of the answer that are taken; MAX_REPLY unless told. */
  atMost?: number
}

export interface Reply {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** One connection, or pool of them, to one API server. */
export interface Connection {
  /** False once it takes no new requests. */
  alive(): boolean
  /** Requests that may be open at once. */
  capacity(): number
  /** Whether the other end still answers; asked after a pause. */
  verify(): Promise<boolean>
  /** @throws WireError */
  send(wire: Wire): Promise<Reply>
  close(): void
}

/**
 * Why a request got no answer. `refused`: the server certainly did nothing with it. `lost`: the connection died, nobody
 * knows. `late`: no answer in time. `large`: the answer is larger than it may be.
 */
export type WireFailure = 'refused' | 'lost' | 'late' | 'large'

export class WireError extends Error {
  readonly failure: WireFailure
  readonly code: string

  constructor(failure: WireFailure, code: string, options?: ErrorOptions) {
    super(code, options)
    this.name = 'WireError'
    this.failure = failure
    this.code = code
  }
}

/** Bytes of an answer: any object stays below, what a hostile server sends without end does not. */
const MAX_REPLY = 32 << 20

/** Collects a body up to `atMost` bytes. */
export function bodyReader(tooLarge: () => void, atMost = MAX_REPLY) {
  const chunks: Buffer[] = []
  let size = 0
  return {
    add(chunk: Buffer) {
      size += chunk.length
      if (size > atMost) tooLarge()
      else chunks.push(chunk)
    },
    size: () => size,
    text: () => Buffer.concat(chunks).toString('utf8'),
  }
}

/** Whether the body is shorter than the server announced. */
export function isShort(size: number, announced: unknown): boolean {
  return typeof announced === 'string' && announced !== String(size)
}

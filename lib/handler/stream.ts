import type { Readable } from 'node:stream'
import type { Invocation } from '../handler.ts'
import { errorFields, type Fields, type Log } from '../log.ts'

/** An answer that may last: its body is handed on as it comes. */
export interface StreamedAnswer {
  status: number
  body: string | Readable
  /** For the log line. */
  told?: Fields
}

/** What Lambda gives a function to write to. */
export interface ResponseStream {
  /** False: wait for `drain`. */
  write(chunk: string | Uint8Array): boolean
  end(): void
  on(event: 'close' | 'error' | 'drain', listener: () => void): unknown
  off(event: 'close' | 'error' | 'drain', listener: () => void): unknown
}

type StreamHandler = (event: unknown, stream: ResponseStream, context: Invocation) => Promise<void>

/** The global `awslambda` of Lambda's Node runtime. */
export interface StreamRuntime {
  streamifyResponse(handler: StreamHandler): StreamHandler
  HttpResponseStream: {
    from(stream: ResponseStream, head: { statusCode: number; headers: Record<string, string> }): ResponseStream
  }
}

/** Left of the invocation for a decent end, ms. */
const END_MS = 1000

/** The source of an answer failed after the answer had begun: it is broken off, that nobody takes it for whole. */
export class BrokenOffError extends Error {
  readonly retry = false

  constructor(cause: unknown) {
    super('the answer broke off in the middle', { cause })
    this.name = new.target.name
  }
}

/**
 * A function behind HTTP whose answers last (response streaming). They end with their source, when the caller goes away,
 * or shortly before the invocation's time is up, as every long answer of a function does.
 * @param run gets a signal that tells of the latter two. It turns its own errors into answers.
 */
export function streamHandler(
  log: Log,
  run: (event: unknown, signal: AbortSignal) => Promise<StreamedAnswer>,
  runtime: StreamRuntime = (globalThis as unknown as { awslambda: StreamRuntime }).awslambda,
): StreamHandler {
  return runtime.streamifyResponse(async (event, stream, context) => {
    const start = performance.now()
    const over = new AbortController()
    let why = 'whole'
    const end = (reason: string) => {
      if (!over.signal.aborted) why = reason
      over.abort()
    }
    const timer = setTimeout(() => end('time'), Math.max(0, context.getRemainingTimeInMillis() - END_MS))
    const gone = () => end('gone')
    stream.on('close', gone)
    stream.on('error', gone)
    try {
      const { status, body, told } = await run(event, over.signal)
      const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
      const out = runtime.HttpResponseStream.from(stream, { statusCode: status, headers })
      // Nothing of the body, but status and headers: the caller of a quiet stream knows that it has begun.
      out.write('')
      const bytes = await copy(body, out, over.signal)
      const line = { status, ...told, bytes, end: why, ms: Math.round(performance.now() - start) }
      stream.off('close', gone)
      out.end()
      log.info('answered', line)
    } catch (error) {
      log.error('failed', errorFields(error))
      throw error
    } finally {
      clearTimeout(timer)
    }
  })
}

/** @returns bytes. @throws BrokenOffError */
async function copy(body: string | Readable, out: ResponseStream, signal: AbortSignal): Promise<number> {
  if (typeof body === 'string') {
    out.write(body)
    return Buffer.byteLength(body)
  }
  let bytes = 0
  const stop = () => body.destroy()
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (!out.write(chunk)) await drained(out, signal)
    }
  } catch (error) {
    if (!signal.aborted) throw new BrokenOffError(error)
  } finally {
    signal.removeEventListener('abort', stop)
  }
  return bytes
}

/** Or there is nothing more to wait for. */
function drained(out: ResponseStream, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const go = () => {
      out.off('drain', go)
      signal.removeEventListener('abort', go)
      done()
    }
    out.on('drain', go)
    signal.addEventListener('abort', go)
    if (signal.aborted) go()
  })
}

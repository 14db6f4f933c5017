import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Streamed } from './stream.ts'

const PREFIX = '/2018-06-01/runtime/'

/** What the runtime client says to its host. Bodies are JSON text. */
export interface RuntimeEvents {
  /** It is ready for work. */
  onNext(): void
  onResponse(requestId: string, body: string): void
  onError(requestId: string, body: string): void
  onInitError(body: string): void
  /**
   * A streamed response begins. False: nobody reads it as it comes, and it is gathered for `onResponse`. The end of it
   * is an `onResponse` too, with no body, or an `onError`.
   */
  onStream(requestId: string, streamed: Streamed): boolean
}

/** The Lambda Runtime API (2018-06-01) for one sandbox. */
export interface RuntimeApi {
  /** `host:port`, for AWS_LAMBDA_RUNTIME_API. */
  address: string
  /** Answers the pending `next`. */
  give(headers: Record<string, string>, payload: string): void
  close(): void
}

/** Starts the API on a free loopback port. One server per sandbox: a sandbox cannot answer for another one. */
export async function startRuntimeApi(events: RuntimeEvents): Promise<RuntimeApi> {
  let waiting: ServerResponse | undefined
  const server = createServer({ noDelay: true }, (request, response) => {
    const path = request.url?.startsWith(PREFIX) ? request.url.slice(PREFIX.length) : ''
    if (request.method === 'GET' && path === 'invocation/next') {
      waiting = response
      return events.onNext()
    }
    const [, id, end] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? []
    const isStreamed = request.headers['lambda-runtime-function-response-mode'] === 'streaming'
    const isTaken = isStreamed && id !== undefined && events.onStream(id, streamedOf(request))
    const read = isTaken ? awaitEnd : readBody
    read(request, (body) => {
      accept(response)
      if (path === 'init/error') events.onInitError(body)
      else if (id && end === 'error') events.onError(id, body)
      else if (id) streamedError(request, (error) => events.onError(id, error)) || events.onResponse(id, body)
    })
  })
  // A sandbox may be idle, or busy, for as long as it likes: its connections are never timed out.
  Object.assign(server, { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0, timeout: 0 })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    give(headers, payload) {
      const body = Buffer.from(payload)
      waiting?.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length, ...headers })
      waiting?.end(body)
      waiting = undefined
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function readBody(request: IncomingMessage, then: (body: string) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => then(Buffer.concat(chunks).toString()))
}

/** Somebody else reads it. */
function awaitEnd(request: IncomingMessage, then: (body: string) => void): void {
  request.on('end', () => then(''))
}

function streamedOf(request: IncomingMessage): Streamed {
  const isBroken = () => request.trailers['lambda-runtime-function-error-type'] !== undefined
  return { contentType: request.headers['content-type'] ?? '', body: request, isBroken }
}

function accept(response: ServerResponse): void {
  response.writeHead(202, { 'content-type': 'application/json', 'content-length': 15 }).end('{"status":"OK"}')
}

/** A streamed response that failed midway says so in a trailer. */
function streamedError({ trailers }: IncomingMessage, then: (body: string) => void): boolean {
  const error = trailers['lambda-runtime-function-error-body']
  if (error) then(Buffer.from(error, 'base64').toString())
  return Boolean(error)
}

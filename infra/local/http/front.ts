import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Place } from '../events/event.ts'
import type { Invocation } from '../runtime/outcome.ts'
import { ThrottledError } from '../runtime/pool.ts'
import type { OnStream } from '../runtime/stream.ts'
import { type FrontKind, type HttpAnswer, platformAnswer, toAnswer } from './answer.ts'
import { toPayload } from './payload.ts'
import { relay } from './relay.ts'
import { matchRoute, type RouteTarget } from './routes.ts'

/** Largest synchronous payload of Lambda, in bytes: the whole event, not the body alone. */
const MAX_PAYLOAD = 6 * 1024 * 1024

/** PEM texts. */
export interface Tls {
  cert: string
  key: string
}

export interface FrontOptions {
  kind: FrontKind
  place: Place
  tls: Tls
  /** Name or address in the URL; must be in the certificate. */
  host: string
  /** 0 or absent: any free port. */
  port?: number | undefined
  routes: RouteTarget[]
  invoke(name: string, payload: string, onStream?: OnStream): Promise<Invocation>
  /** Responses are handed on as the functions write them. */
  streams?: boolean
  /** Certificate authorities, PEM: who calls must have a certificate of one (mutual TLS). None: whoever calls. */
  clientCas?: readonly string[] | undefined
}

export interface HttpFront {
  /** `https://host:port`, without a slash at the end. */
  url: string
  /** Takes no new requests; resolves when the open ones are answered. */
  close(): Promise<void>
}

/** HTTPS in front of functions: an HTTP API with routes, or a Function URL with one route for all. */
export async function startFront(options: FrontOptions): Promise<HttpFront> {
  const open = new Set<Promise<unknown>>()
  const { tls, clientCas: ca } = options
  const mutual = ca && { ca: [...ca], requestCert: true, rejectUnauthorized: true }
  const server = createServer({ ...tls, ...mutual, noDelay: true }, (request, response) => {
    const answered = once(response, 'close').finally(() => open.delete(answered))
    open.add(answered)
    void answer(request, response, options)
  })
  // Longer than any client keeps an idle connection: what closes first loses the race for the next request.
  server.keepAliveTimeout = 350_000
  await once(server.listen(options.port ?? 0, options.host), 'listening')
  return {
    url: `https://${options.host}:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      while (open.size > 0) await Promise.all(open)
      server.closeAllConnections()
    },
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, options: FrontOptions): Promise<void> {
  let relayed: Promise<boolean> | undefined
  const onStream: OnStream = (streamed) => {
    relayed = relay(streamed, response)
  }
  const whole = await handle(request, options, options.streams ? onStream : undefined)
  if (!(await relayed)) send(request, response, whole)
}

async function handle(
  request: IncomingMessage,
  { kind, place, host, routes, invoke }: FrontOptions,
  onStream?: OnStream,
): Promise<HttpAnswer> {
  const path = request.url?.split('?')[0] ?? '/'
  const route = matchRoute(routes, request.method ?? 'GET', path)
  if (!route) return platformAnswer.notFound()
  const body = await readBody(request).catch(() => undefined)
  // Too large, or the caller has gone, in which case nobody reads the answer.
  if (!body) return platformAnswer.tooLarge(kind)
  const account = kind === 'url' ? 'anonymous' : place.account
  const payload = JSON.stringify(toPayload(request, body, { account, domain: host, routeKey: route.key }))
  if (Buffer.byteLength(payload) > MAX_PAYLOAD) return platformAnswer.tooLarge(kind)
  try {
    const invocation = await invoke(route.target, payload, onStream)
    return invocation.functionError ? platformAnswer.functionError(kind) : toAnswer(invocation.payload, kind)
  } catch (error) {
    // Otherwise the host is stopping.
    return error instanceof ThrottledError ? platformAnswer.throttled() : platformAnswer.unavailable()
  }
}

/** Undefined when it is too large; the rest is then not read. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_PAYLOAD) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  // A body that was not read to its end leaves the connection useless.
  if (!request.complete) response.setHeader('connection', 'close')
  response.writeHead(status, { ...headers, 'content-length': body.length })
  response.end(body)
}

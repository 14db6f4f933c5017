import http2, {
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type Authority, type Credential, createAuthority, mintServing } from '../../infra/controlplane/pki.ts'

export type Handler = (request: Http2ServerRequest, response: Http2ServerResponse) => void

export interface FakeApiServer {
  /** `https://127.0.0.1:port` */
  url: string
  port: number
  ca: string
  authority: Authority
  /** What answers; tests replace it as they go. */
  handler: Handler
  /** `METHOD path` of each request that arrived. */
  readonly seen: string[]
  /** HTTP/2 sessions in the order they came; also those that ended. */
  readonly sessions: ServerHttp2Session[]
  /** TLS connections in the order they came. */
  readonly connections: TLSSocket[]
  stop(): Promise<void>
}

export interface FakeOptions {
  /** Offers HTTP/1.1 only. */
  http1?: boolean
  /** SETTINGS_MAX_CONCURRENT_STREAMS */
  maxStreams?: number
  /** Asks for client certificates of its own authority. */
  clientCertificates?: boolean
  handler?: Handler
}

let issued: Promise<{ authority: Authority; serving: Credential }> | undefined

/** One authority and certificate for all servers of a test file. */
function certificates() {
  issued ??= createAuthority('fake').then(async (authority) => ({
    authority,
    serving: await mintServing(authority, { hosts: ['127.0.0.1', 'localhost', 'api.test'] }),
  }))
  return issued
}

/** A real TLS server with an API server's manners, to fail in ways that no API server would on demand. */
export async function fakeApiServer(options: FakeOptions = {}): Promise<FakeApiServer> {
  const { authority, serving } = await certificates()
  const tls = {
    key: serving.keyPem,
    cert: serving.certPem,
    ...(options.clientCertificates ? { ca: authority.certPem, requestCert: true, rejectUnauthorized: true } : {}),
  }
  const onRequest: Handler = (request, response) => {
    fake.seen.push(`${request.method} ${request.url}`)
    fake.handler(request, response)
  }
  const settings = options.maxStreams ? { maxConcurrentStreams: options.maxStreams } : {}
  const server = (
    options.http1
      ? https.createServer(tls, onRequest as never)
      : http2.createSecureServer({ ...tls, allowHTTP1: true, settings }, onRequest)
  ) as Http2SecureServer
  const fake: FakeApiServer = {
    url: '',
    port: 0,
    ca: authority.certPem,
    authority,
    handler: options.handler ?? ((_, response) => answer(response, 200, {})),
    seen: [],
    sessions: [],
    connections: [],
    async stop() {
      for (const socket of fake.connections) socket.destroy()
      await new Promise((closed) => server.close(closed))
    },
  }
  server.on('session', (session) => {
    session.on('error', () => {})
    fake.sessions.push(session)
  })
  server.on('sessionError', () => {})
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => {})
    fake.connections.push(socket)
  })
  fake.port = await listen(server)
  fake.url = `https://127.0.0.1:${fake.port}`
  return fake
}

export function answer(
  response: Http2ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

/** A metav1.Status as the API server writes it. */
export function status(code: number, reason: string, details: object = {}, message = reason) {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, details, code }
}

export async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return (server.address() as net.AddressInfo).port
}

export interface Relay {
  port: number
  /** Connections accepted so far. */
  count(): number
  /** Keeps the open connections open, but lets nothing through any more: what a freeze or a forgetful NAT does. */
  freeze(): void
  stop(): Promise<void>
}

/** A TCP hop in front of a port of this machine. */
export async function relay(port: number): Promise<Relay> {
  const pairs: { near: net.Socket; far: net.Socket }[] = []
  const server = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1')
    for (const socket of [near, far]) socket.on('error', () => {})
    near.pipe(far).pipe(near)
    pairs.push({ near, far })
  })
  return {
    port: await listen(server),
    count: () => pairs.length,
    freeze() {
      for (const { near, far } of pairs) {
        near.unpipe(far)
        far.unpipe(near)
        for (const socket of [near, far]) socket.on('data', () => {})
      }
    },
    async stop() {
      for (const { near, far } of pairs) {
        near.destroy()
        far.destroy()
      }
      await new Promise((closed) => server.close(closed))
    },
  }
}

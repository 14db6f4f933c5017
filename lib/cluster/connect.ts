import net from 'node:net'
import tls from 'node:tls'
import { unbracketed } from './proxy.ts'

export interface Endpoint {
  /** Host without brackets, and port of the API server. */
  host: string
  port: number
  tls: tls.ConnectionOptions
  /** `http://[user:password@]host:port` of a proxy that understands CONNECT. */
  proxy?: URL
  /** For resolving, connecting, the proxy and the TLS handshake together, ms. */
  timeoutMs: number
}

/** Opens a TLS connection, through the proxy where there is one. The errors are those of net and tls, with a code. */
export async function connectTls(endpoint: Endpoint, protocols: string[]): Promise<tls.TLSSocket> {
  let current: net.Socket | undefined
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => {
      current?.destroy()
      fail(Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' }))
    }, endpoint.timeoutMs)
  })
  const open = async () => {
    current = endpoint.proxy ? await tunnel(endpoint, endpoint.proxy, (socket) => (current = socket)) : undefined
    const { host, port } = endpoint
    const options = { ...endpoint.tls, host, port, ALPNProtocols: protocols, ...(current ? { socket: current } : {}) }
    if (!options.servername && !net.isIP(host)) options.servername = host
    const secured = tls.connect(options)
    current = secured
    await once(secured, 'secureConnect')
    secured.setNoDelay(true)
    secured.setKeepAlive(true, 30_000)
    return secured
  }
  try {
    return await Promise.race([open(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** A connection through CONNECT; `using` gets each socket at once, so that a time-out can end it. */
async function tunnel({ host, port }: Endpoint, proxy: URL, using: (socket: net.Socket) => void): Promise<net.Socket> {
  const secure = proxy.protocol === 'https:'
  const address = { host: unbracketed(proxy.hostname), port: Number(proxy.port) || (secure ? 443 : 80) }
  const name = net.isIP(address.host) ? {} : { servername: address.host }
  const socket = secure ? tls.connect({ ...address, ...name }) : net.connect(address)
  using(socket)
  await once(socket, secure ? 'secureConnect' : 'connect')
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const login = decodeURIComponent(`${proxy.username}:${proxy.password}`)
  const authorization = proxy.username ? `Proxy-Authorization: Basic ${Buffer.from(login).toString('base64')}\r\n` : ''
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`)
  const head = await readHead(socket)
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 'no HTTP'
  if (status === '200') return socket
  socket.destroy()
  throw Object.assign(new Error(`the proxy answered ${status}`), { code: `PROXY_${status.replace(' ', '_')}` })
}

async function readHead(socket: net.Socket): Promise<string> {
  let head = Buffer.alloc(0)
  for (;;) {
    const chunk: Buffer | null = socket.read()
    if (!chunk) {
      if (socket.readableEnded || head.length > 16_384)
        throw Object.assign(new Error('no answer'), { code: 'PROXY_CLOSED' })
      await once(socket, 'readable')
      continue
    }
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) continue
    if (head.length > end + 4) socket.unshift(head.subarray(end + 4))
    return head.subarray(0, end).toString('latin1')
  }
}

/** The event, or the error or the end that comes instead. */
function once(socket: net.Socket, event: string): Promise<void> {
  return new Promise((done, fail) => {
    const settle = (run: () => void) => {
      socket.off(event, ok).off('error', failed).off('close', closed)
      // Later errors have no listener otherwise, and would end the process.
      socket.on('error', () => {})
      run()
    }
    const ok = () => settle(done)
    const failed = (error: Error) => settle(() => fail(error))
    const closed = () => settle(() => fail(Object.assign(new Error('closed while connecting'), { code: 'ECONNRESET' })))
    socket.on(event, ok).on('error', failed).on('close', closed)
  })
}

import net from 'node:net'
import tls from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { mintServing } from '../../infra/controlplane/pki.ts'
import { type FakeApiServer, fakeApiServer, listen } from '../../test/contract/fake-api-server.ts'
import { fixedIdentity } from './identity.ts'
import { proxyFor } from './proxy.ts'
import { createTransport } from './transport.ts'

const ending: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

/** A proxy that tunnels whatever is asked for to `target`, after answering `status`. */
async function startProxy(target: number, status = '200 Connection established', secure?: tls.SecureContextOptions) {
  const heads: string[] = []
  const sockets: net.Socket[] = []
  const serve = (socket: net.Socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.once('data', (head) => {
      heads.push(head.toString())
      socket.write(`HTTP/1.1 ${status}\r\nVia: test\r\n\r\n`)
      if (!status.startsWith('200')) return
      const far = net.connect(target, '127.0.0.1')
      sockets.push(far)
      far.on('error', () => {})
      socket.pipe(far).pipe(socket)
    })
  }
  const server = secure ? tls.createServer(secure, serve) : net.createServer(serve)
  const port = await listen(server)
  ending.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((closed) => server.close(closed))
  })
  return { port, heads }
}

function connect(fake: FakeApiServer, proxy: string) {
  const credentials = {
    server: `https://api.test:${fake.port}`,
    ca: fake.ca,
    insecure: false,
    proxy,
    identity: fixedIdentity({}),
  }
  const transport = createTransport({ id: 'rome', credentials, caller: 'test' })
  ending.push(transport.close)
  return transport
}

describe.each([{ http1: false }, { http1: true }])('through a proxy (http1: $http1)', ({ http1 }) => {
  test('CONNECT names the server, which the proxy resolves, and carries the credentials of the URL', async () => {
    const fake = await fakeApiServer({ http1 })
    ending.push(fake.stop)
    const proxy = await startProxy(fake.port)
    const transport = connect(fake, `http://me:p%40ss@127.0.0.1:${proxy.port}`)
    for (let i = 0; i < 2; i++) expect(await transport.request('GET', '/x')).toMatchObject({ status: 200 })
    const login = Buffer.from('me:p@ss').toString('base64')
    expect(proxy.heads).toEqual([
      `CONNECT api.test:${fake.port} HTTP/1.1\r\nHost: api.test:${fake.port}\r\nProxy-Authorization: Basic ${login}\r\n\r\n`,
    ])
  })
})

test('a proxy that wants credentials is named, without those it got', async () => {
  const fake = await fakeApiServer()
  ending.push(fake.stop)
  const proxy = await startProxy(fake.port, '407 Proxy Authentication Required')
  const request = connect(fake, `http://me:secret@127.0.0.1:${proxy.port}`).request('GET', '/x')
  await expect(request).rejects.toThrow(`api.test:${fake.port} through proxy 127.0.0.1:${proxy.port}: PROXY_407`)
  await expect(request).rejects.not.toThrow('secret')
})

test('a proxy that is spoken to over TLS', async () => {
  const fake = await fakeApiServer()
  ending.push(fake.stop)
  const { certPem: cert, keyPem: key } = await mintServing(fake.authority, { hosts: ['127.0.0.1'] })
  const proxy = await startProxy(fake.port, undefined, { cert, key })
  // Node trusts this authority only for the API server: the refusal shows that the proxy's certificate is checked.
  await expect(connect(fake, `https://127.0.0.1:${proxy.port}`).request('GET', '/x')).rejects.toThrow(
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  )
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), fake.ca])
  expect(await connect(fake, `https://127.0.0.1:${proxy.port}`).request('GET', '/x')).toMatchObject({ status: 200 })
})

const rows = [
  { name: 'no proxy given', server: 'https://api.corp', proxy: undefined, noProxy: [], want: undefined },
  { name: 'a proxy', server: 'https://api.corp', proxy: 'http://p:3128', noProxy: [], want: 'http://p:3128/' },
  { name: 'a proxy without scheme', server: 'https://api.corp', proxy: 'p:3128', noProxy: [], want: 'http://p:3128/' },
  { name: 'everything excluded', server: 'https://api.corp', proxy: 'p:1', noProxy: ['*'], want: undefined },
  { name: 'the host', server: 'https://api.corp', proxy: 'p:1', noProxy: ['x', 'API.corp'], want: undefined },
  { name: 'its domain', server: 'https://api.corp', proxy: 'p:1', noProxy: ['.corp'], want: undefined },
  { name: 'its domain without dot', server: 'https://api.corp', proxy: 'p:1', noProxy: ['corp'], want: undefined },
  { name: 'its domain with star', server: 'https://api.corp', proxy: 'p:1', noProxy: ['*.corp'], want: undefined },
  { name: 'another ending', server: 'https://api.mycorp', proxy: 'p:1', noProxy: ['corp'], want: 'http://p:1' },
  { name: 'the port', server: 'https://api.corp:6443', proxy: 'p:1', noProxy: ['api.corp:6443'], want: undefined },
  { name: 'another port', server: 'https://api.corp', proxy: 'p:1', noProxy: ['api.corp:6443'], want: 'http://p:1' },
  { name: 'an address', server: 'https://10.0.0.1', proxy: 'p:1', noProxy: ['10.0.0.1'], want: undefined },
  { name: 'IPv6', server: 'https://[fd00::1]', proxy: 'p:1', noProxy: ['fd00::1'], want: undefined },
  { name: 'IPv6 with port', server: 'https://[fd00::1]', proxy: 'p:1', noProxy: ['[fd00::1]:443'], want: undefined },
  { name: 'a network', server: 'https://10.0.0.1', proxy: 'p:1', noProxy: ['10.0.0.0/8'], want: undefined },
  {
    name: 'another network',
    server: 'https://10.0.0.1',
    proxy: 'p:1',
    noProxy: ['10.1.0.0/16', 'x/8'],
    want: 'http://p:1',
  },
  { name: 'loopback', server: 'https://127.0.0.1:6443', proxy: 'p:1', noProxy: [], want: undefined },
]

test.each(rows)('proxyFor: $name', ({ server, proxy, noProxy, want }) => {
  expect(proxyFor(new URL(server), proxy, noProxy)?.href).toBe(want && new URL(want).href)
})

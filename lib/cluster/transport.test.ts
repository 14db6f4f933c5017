import { execFile } from 'node:child_process'
import http2 from 'node:http2'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import {
  answer,
  type FakeApiServer,
  type FakeOptions,
  fakeApiServer,
  relay,
} from '../../test/contract/fake-api-server.ts'
import { UnreachableError } from './errors.ts'
import { fixedIdentity } from './identity.ts'
import { createTransport, type Transport, type TransportOptions } from './transport.ts'

const { NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = http2.constants

const ending: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

async function start(options?: FakeOptions): Promise<FakeApiServer> {
  const fake = await fakeApiServer(options)
  ending.push(fake.stop)
  return fake
}

function connect(fake: FakeApiServer, options: Partial<TransportOptions> = {}, server = fake.url): Transport {
  const identity = fixedIdentity({ authorization: 'Bearer token' })
  const credentials = { server, ca: fake.ca, insecure: false, identity }
  const transport = createTransport({ id: 'rome', credentials, caller: 'test', ...options })
  ending.push(transport.close)
  return transport
}

const failureOf = (request: Promise<unknown>) =>
  request.then(
    () => Promise.reject(new Error('it was answered')),
    (error: unknown) => error as UnreachableError,
  )

describe.each([{ http1: false }, { http1: true }])('over one connection (http1: $http1)', ({ http1 }) => {
  test('requests follow one another, with credential and User-Agent', async () => {
    const fake = await start({ http1 })
    fake.handler = ({ headers, httpVersion }, response) => {
      const { authorization, 'user-agent': agent, host, ':authority': authority } = headers
      answer(response, 200, { authorization, agent, host: host ?? authority, httpVersion })
    }
    const transport = connect(fake)
    for (let i = 0; i < 3; i++) {
      const { status, text } = await transport.request('GET', '/api/v1')
      expect(status).toBe(200)
      expect(JSON.parse(text)).toEqual({
        authorization: 'Bearer token',
        agent: 'heliograph/0.1.0 (test)',
        host: `127.0.0.1:${fake.port}`,
        httpVersion: http1 ? '1.1' : '2.0',
      })
    }
    expect(fake.connections).toHaveLength(1)
  })

  test('a body arrives whole, with its type', async () => {
    const fake = await start({ http1 })
    fake.handler = async (request, response) => {
      const body = Buffer.concat(await request.toArray())
      answer(response, 200, { type: request.headers['content-type'], length: body.length })
    }
    const body = JSON.stringify({ data: 'ä'.repeat(300_000) })
    const { text } = await connect(fake).request('PATCH', '/x', { body, contentType: 'application/json-patch+json' })
    expect(JSON.parse(text)).toEqual({ type: 'application/json-patch+json', length: Buffer.byteLength(body) })
  })

  test('an answer larger than the window arrives whole', async () => {
    const large = JSON.stringify({ data: 'x'.repeat(20 << 20) })
    const fake = await start({ http1, handler: (_, response) => answer(response, 200, large) })
    expect((await connect(fake).request('GET', '/x')).text).toBe(large)
  })

  test('that the server closes while idle is replaced', async () => {
    const fake = await start({ http1 })
    const transport = connect(fake)
    await transport.request('GET', '/first')
    fake.connections[0]!.destroy()
    expect(await transport.request('GET', '/second')).toMatchObject({ status: 200 })
    expect(fake.connections).toHaveLength(2)
  })

  test('that died silently is noticed after a pause and replaced', async () => {
    const fake = await start({ http1 })
    const hop = await relay(fake.port)
    ending.push(hop.stop)
    const transport = connect(fake, { idleMs: 0, pingTimeoutMs: 50 }, `https://127.0.0.1:${hop.port}`)
    await transport.request('GET', '/first')
    hop.freeze()
    const replies = await Promise.all(
      ['/second', '/third'].map((path) => transport.request('POST', path, { body: '{}' })),
    )
    expect(replies.map(({ status }) => status)).toEqual([200, 200])
    expect(fake.seen).toHaveLength(3)
  })

  test('that dies under a request: a repeatable one is sent once more, others are not', async () => {
    const fake = await start({ http1 })
    let deaths = 1
    fake.handler = (request, response) => {
      if (deaths-- > 0) (request.stream?.session?.socket ?? request.socket).destroy()
      else answer(response, 200, {})
    }
    const transport = connect(fake)
    expect(await transport.request('GET', '/a')).toMatchObject({ status: 200 })
    deaths = 1
    expect(await transport.request('PATCH', '/b', { body: '{}', repeatable: true })).toMatchObject({ status: 200 })
    deaths = 1
    expect(await failureOf(transport.request('POST', '/c', { body: '{}' }))).toBeInstanceOf(UnreachableError)
    deaths = 2
    expect(await failureOf(transport.request('GET', '/d'))).toBeInstanceOf(UnreachableError)
    expect(fake.seen).toEqual(['GET /a', 'GET /a', 'PATCH /b', 'PATCH /b', 'POST /c', 'GET /d', 'GET /d'])
  })

  test('a server that does not answer is given up, and the next request works', async () => {
    const fake = await start({ http1, handler: () => {} })
    const transport = connect(fake, { timeoutMs: 1_000 })
    const error = await failureOf(transport.request('GET', '/api/v1/secrets?labelSelector=a', { timeoutMs: 30 }))
    expect(error).toBeInstanceOf(UnreachableError)
    expect(error.message).toMatch(/GET \/api\/v1\/secrets from 127\.0\.0\.1:\d+: ETIMEDOUT/)
    expect(error.message).not.toContain('labelSelector')
    fake.handler = (_, response) => answer(response, 200, {})
    expect(await transport.request('GET', '/x')).toMatchObject({ status: 200 })
  })

  test('a body cut off half-way is no answer', async () => {
    const fake = await start({ http1 })
    fake.handler = (request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"items":[', () => (request.stream?.session?.socket ?? request.socket).destroy())
    }
    expect(await failureOf(connect(fake).request('GET', '/x'))).toBeInstanceOf(UnreachableError)
    expect(fake.seen).toHaveLength(2)
  })

  test('many requests at once are all answered', async () => {
    const fake = await start({ http1 })
    fake.handler = ({ url }, response) => setImmediate(() => answer(response, 200, { url }))
    const transport = connect(fake, { maxOpen: 20 })
    const paths = Array.from({ length: 500 }, (_, i) => `/object-${i}`)
    const replies = await Promise.all(paths.map((path) => transport.request('GET', path)))
    expect(replies.map(({ text }) => JSON.parse(text).url)).toEqual(paths)
    expect(fake.connections.length).toBeLessThanOrEqual(http1 ? 20 : 1)
  })
})

describe('HTTP/2', () => {
  test('GOAWAY: what is open ends on the old session, what comes next opens another', async () => {
    const fake = await start()
    const arrived = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    fake.handler = ({ url }, response) => {
      if (url !== '/held') return answer(response, 200, {})
      arrived.resolve()
      held.promise.then(() => answer(response, 200, { held: true }))
    }
    const transport = connect(fake)
    const open = transport.request('GET', '/held')
    await arrived.promise
    // As Go's server says it first: no more new streams, all that are open will be served.
    fake.sessions[0]!.goaway(NGHTTP2_NO_ERROR, 2 ** 31 - 1)
    while (fake.sessions.length === 1) await transport.request('GET', '/next')
    held.resolve()
    expect((await open).text).toBe('{"held":true}')
  })

  test('GOAWAY that refuses open streams: they are sent again, whatever their method', async () => {
    const fake = await start()
    fake.handler = (request, response) => {
      const { id, session } = request.stream
      if (fake.sessions.length > 1 || id === 1) answer(response, 200, { method: request.method })
      // What a server says that stops after its first request: the higher streams it will not look at.
      if (fake.sessions.length === 1 && id === 1) session!.goaway(NGHTTP2_NO_ERROR, 1)
    }
    const transport = connect(fake)
    const methods = ['POST', 'GET', 'PATCH', 'DELETE']
    const replies = await Promise.all(methods.map((method) => transport.request(method, '/x', { body: '{}' })))
    expect(replies.map(({ text }) => JSON.parse(text).method)).toEqual(methods)
  })

  test('a refused stream is sent again, but not for ever', async () => {
    const fake = await start()
    let refusals = 2
    fake.handler = (request, response) => {
      if (refusals-- > 0) request.stream.close(NGHTTP2_REFUSED_STREAM)
      else answer(response, 200, {})
    }
    const transport = connect(fake)
    expect(await transport.request('POST', '/x', { body: '{}' })).toMatchObject({ status: 200 })
    refusals = Number.POSITIVE_INFINITY
    expect((await failureOf(transport.request('POST', '/x', { body: '{}' }))).message).toContain('REFUSED_STREAM')
  })

  test('opens no more streams than the server allows', async () => {
    const fake = await start({ maxStreams: 3 })
    let open = 0
    let most = 0
    fake.handler = (_, response) => {
      most = Math.max(most, ++open)
      setImmediate(() => {
        open--
        answer(response, 200, {})
      })
    }
    const transport = connect(fake)
    const many = () => Promise.all(Array.from({ length: 50 }, (_, i) => transport.request('POST', `/${i}`)))
    // The first ones leave before the server's settings are here; it refuses what is too much.
    await many()
    await many()
    expect(most).toBeLessThanOrEqual(3)
    expect(fake.connections).toHaveLength(1)
  })

  test('a stream that ends early without an error code shows in what its length announced', async () => {
    const fake = await start()
    fake.handler = ({ stream }) => {
      stream.respond({ ':status': 200, 'content-length': '100' })
      stream.write('{"items":[', () => stream.close(NGHTTP2_NO_ERROR))
    }
    const error = await failureOf(connect(fake).request('GET', '/x'))
    expect(error).toBeInstanceOf(UnreachableError)
  })
})

test('an open connection does not keep the process from ending', async () => {
  const fake = await start()
  const program = `
    const { createTransport } = await import(process.env.TRANSPORT)
    const identity = { current: async () => ({}), renew: async () => undefined }
    const credentials = { server: process.env.SERVER, ca: process.env.CA, insecure: false, identity }
    const { request } = createTransport({ id: 'rome', credentials, caller: 'test' })
    console.log((await request('GET', '/x')).status)`
  const env = { ...process.env, SERVER: fake.url, CA: fake.ca, TRANSPORT: import.meta.resolve('./transport.ts') }
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env })
  expect(stdout).toBe('200\n')
  expect(fake.sessions).toHaveLength(1)
})

describe('no connection', () => {
  test('nobody listens: address, code and what it means', async () => {
    const fake = await fakeApiServer()
    await fake.stop()
    const error = await failureOf(connect(fake).request('GET', '/x'))
    expect(error.message).toBe(
      `cluster rome: no answer to GET /x from 127.0.0.1:${fake.port}: ECONNREFUSED (nothing listens there)`,
    )
    expect(error.message).not.toContain('token')
  })

  test('a certificate of another authority', async () => {
    const fake = await start()
    const identity = fixedIdentity({})
    const credentials = { server: fake.url, insecure: false, identity }
    const transport = createTransport({ id: 'rome', credentials, caller: 'test' })
    expect((await failureOf(transport.request('GET', '/x'))).message).toContain('the CA does not match')
    const trusting = createTransport({ id: 'rome', credentials: { ...credentials, insecure: true }, caller: 'test' })
    ending.push(trusting.close)
    expect(await trusting.request('GET', '/x')).toMatchObject({ status: 200 })
  })

  test('a server that accepts but never shakes hands', async () => {
    const fake = await start()
    const hop = await relay(1)
    ending.push(hop.stop)
    const transport = connect(fake, { timeoutMs: 50 }, `https://127.0.0.1:${hop.port}`)
    expect((await failureOf(transport.request('GET', '/x'))).message).toContain('ETIMEDOUT')
  })
})

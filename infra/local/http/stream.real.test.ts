import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import { expect, test } from 'vitest'
import { createAuthority, mintClient } from '../../controlplane/pki.ts'
import { removeBundlesAtTheEnd } from '../fixtures/dist.ts'
import { type Fixture, startFixture } from '../fixtures/start.ts'
import { until } from '../fixtures/until.ts'

removeBundlesAtTheEnd()

async function get({ host, ca }: Fixture, path: string, credential: https.RequestOptions = {}, name = 'streamer') {
  const request = https.get(`${host.urls[name]}${path}`, { ca, agent: false, ...credential })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return response
}

async function piecesOf(response: IncomingMessage): Promise<{ text: string; ms: number }[]> {
  const start = performance.now()
  const pieces: { text: string; ms: number }[] = []
  for await (const chunk of response) pieces.push({ text: String(chunk), ms: performance.now() - start })
  return pieces
}

test('status, headers and each piece arrive when the function writes them', async () => {
  await using fixture = await startFixture()
  const response = await get(fixture, '/')
  expect([response.statusCode, response.headers['x-from']]).toEqual([203, 'nobody'])
  const pieces = await piecesOf(response)
  expect(pieces.map(({ text }) => text)).toEqual(['one\n', '2\n'])
  expect(pieces[1]!.ms - pieces[0]!.ms).toBeGreaterThan(100)
})

test('when the caller goes away the function is ended', async () => {
  await using fixture = await startFixture()
  const response = await get(fixture, '/endless')
  await once(response, 'data')
  const { sandboxes } = fixture.host.stats().functions.streamer!
  response.destroy()
  await until(() => fixture.host.stats().functions.streamer!.sandboxes < sandboxes)
  expect(fixture.host.stats().functions.streamer).toMatchObject({ invocations: 1, errors: 0 })
})

test('a stream without end ends with the function’s time, and is whole', async () => {
  await using fixture = await startFixture()
  const pieces = await piecesOf(await get(fixture, '/', {}, 'follower'))
  expect(pieces.length).toBeGreaterThan(5)
  await until(() => fixture.host.stats().functions.follower!.idle === 1)
  expect(fixture.host.stats().functions.follower).toMatchObject({ invocations: 1, errors: 0 })
  expect(fixture.lines.at(-1)).toMatch(/"end":"time"/)
})

test('a function that fails breaks the answer off, or has none', async () => {
  await using fixture = await startFixture()
  const response = await get(fixture, '/fail')
  expect(response.statusCode).toBe(502)
  response.resume()
  const broken = await get(fixture, '/break')
  expect(broken.statusCode).toBe(203)
  await expect(piecesOf(broken)).rejects.toThrow()
  expect(fixture.host.stats().functions.streamer).toMatchObject({ invocations: 2, errors: 2 })
})

test('a front may want a certificate, and tells the function whose it is', async () => {
  const authority = await createAuthority('callers')
  const other = await createAuthority('others')
  await using fixture = await startFixture({ clientCas: { streamer: [authority.certPem] } })
  const credentialOf = async (issuer: typeof authority) => {
    const { certPem: cert, keyPem: key } = await mintClient(issuer, { user: 'ada', groups: ['admins'] })
    return { cert, key }
  }
  const response = await get(fixture, '/', await credentialOf(authority))
  expect(response.headers['x-from']).toBe('O=admins,CN=ada')
  response.resume()
  await expect(get(fixture, '/', await credentialOf(other))).rejects.toThrow()
  await expect(get(fixture, '/')).rejects.toThrow()
})

import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignatureV4 } from '@smithy/signature-v4'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Sha256 } from '../../test/support/sha256.ts'
import { bundleAll } from '../bundle.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const KEYS = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret/key', sessionToken: 'session+token' }

interface Got {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
}

let dir: string
let got: Got[]
let index: string

/** Takes what it is sent for an accepted event. */
const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString()
  got.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body })
  response
    .setHeader('content-type', 'application/x-amz-json-1.1')
    .end('{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}')
})

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-left-out-'))
  const from = join(import.meta.dirname, '../local/fixtures/functions')
  const bundles = await bundleAll({ from, to: dir })
  index = join(bundles.find(({ name }) => name === 'webhook')!.dir, 'index.mjs')
  await once(server.listen(0, '127.0.0.1'), 'listening')
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  vi.stubEnv('AWS_REGION', 'eu-west-1')
})
afterAll(async () => {
  vi.unstubAllEnvs()
  server.close()
  await rm(dir, { recursive: true })
})

/** One event put by the bundled client, which reads the environment anew. */
async function put(run: string) {
  got = []
  const { handler } = await import(`${index}?${run}`)
  return handler({ body: '[{"n":1}]', rawPath: '/', requestContext: { http: { method: 'POST' } } })
}

test('the client in a bundle signs with the credentials of the environment', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', KEYS.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', KEYS.secretAccessKey)
  vi.stubEnv('AWS_SESSION_TOKEN', KEYS.sessionToken)
  expect(await put('signed')).toMatchObject({ statusCode: 202, body: '{"put":1}' })
  const [{ method, path, headers, body }] = got as [Got]
  const [, names = ''] = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '') ?? []
  const signed = Object.fromEntries(names.split(';').map((name) => [name, String(headers[name])]))
  expect(signed).toMatchObject({ 'x-amz-security-token': KEYS.sessionToken, 'x-amz-target': 'AWSEvents.PutEvents' })
  const sent = signed['x-amz-date']!.replace(/(....)(..)(..T..)(..)/, '$1-$2-$3:$4:')
  const signer = new SignatureV4({ credentials: KEYS, region: 'eu-west-1', service: 'events', sha256: Sha256 })
  const request = { method, path, headers: signed, body, protocol: 'http:', hostname: '127.0.0.1' }
  const again = await signer.sign(request, { signingDate: new Date(sent) })
  expect(headers.authorization).toBe(again.headers.authorization)
})

test('without them nothing is sent, and the error says what is missing', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
  await expect(put('unsigned')).rejects.toThrow('Unable to find environment variable credentials')
  expect(got).toEqual([])
})

test('the SDK looks for credentials nowhere else, and has no event streams', async () => {
  const { sources } = JSON.parse(await readFile(`${index}.map`, 'utf8')) as { sources: string[] }
  expect(sources.filter((path) => /credential-provider-(?!env)|nested-clients|event-stream/.test(path))).toEqual([
    'nothing:@smithy/core/event-streams',
  ])
})

import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Cluster, startCluster } from '../../infra/controlplane/cluster.ts'
import { createAuthority, mintServing } from '../../infra/controlplane/pki.ts'
import { NOWHERE } from '../../test/support/secrets.ts'
import type { HttpResponse } from '../handler/http.ts'
import { logger } from '../log.ts'
import type { ChangeEvent } from './change.ts'
import { PublishError } from './publish.ts'
import { webhook } from './webhook.ts'

/** What a real API server sends, by its audit backend and by a validating webhook, and what becomes of it. */

const changes: ChangeEvent[] = []
const lines: { level: string; why?: string }[] = []
const handler = webhook(
  {
    clusters: [{ id: 'rome', webhookTokens: ['rome-token'] }],
    eventBusName: 'heliograph',
    triggers: [
      { kind: 'configmap', group: '', plural: 'configmaps' },
      { kind: 'namespace', group: '', plural: 'namespaces' },
    ],
    secrets: NOWHERE,
  },
  {
    log: logger('info', (line) => lines.push(JSON.parse(line))),
    publish: async (more) => {
      const refused = refuse(more)
      if (refused > 0) throw new PublishError(refused, more.length, ['InternalFailure'])
      changes.push(...more)
    },
  },
)

/** How many of some changes the bus refuses. */
let refuse: (more: readonly ChangeEvent[]) => number = () => 0

let server: Server
let cluster: Cluster
let dir: string

beforeAll(async () => {
  const authority = await createAuthority('webhook')
  const { certPem, keyPem } = await mintServing(authority, { hosts: ['127.0.0.1'] })
  server = createServer({ cert: certPem, key: keyPem }, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const event = {
      rawPath: new URL(request.url ?? '/', 'https://localhost').pathname,
      requestContext: { http: { method: request.method } },
      headers: request.headers,
      body: Buffer.concat(chunks).toString('base64'),
      isBase64Encoded: true,
    }
    const answer = await handler(event, { awsRequestId: 'r', getRemainingTimeInMillis: () => 10_000 })
    const { statusCode, headers, body } = answer as HttpResponse
    response.writeHead(statusCode, headers).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  dir = await mkdtemp(join(tmpdir(), 'heliograph-webhook-'))
  const audit = { server: url, token: 'rome-token', caPem: authority.certPem, batchMaxWaitMs: 50 }
  cluster = await startCluster({ name: 'rome', dir, components: [], audit })
  await post('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
    metadata: { name: 'heliograph' },
    webhooks: [
      {
        name: 'listen.heliograph.io',
        // Fail, so that an answer that the API server does not take shows.
        failurePolicy: 'Fail',
        sideEffects: 'NoneOnDryRun',
        admissionReviewVersions: ['v1'],
        clientConfig: { url: `${url}/token/rome-token`, caBundle: Buffer.from(authority.certPem).toString('base64') },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['*'] }],
      },
    ],
  })
  // The configuration takes effect a little later.
  await post('/api/v1/namespaces', { metadata: { name: 'probe' } })
  await vi.waitUntil(async () => {
    await call('POST', collection('probe'), { metadata: { generateName: 'p-' } })
    return seen('probe').admitted.length > 0
  }, 20_000)
})

afterAll(async () => {
  await cluster?.stop()
  await new Promise((resolve) => server.close(resolve))
  await rm(dir, { recursive: true, force: true })
})

function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  contentType?: string,
) {
  return cluster.call(path, { method, body, headers, ...(contentType && { contentType }) })
}

async function post(path: string, body: unknown) {
  const answer = await call('POST', path, body)
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.body
}

/** Names of a namespace that the audit backend told of (`*` for all), and what was admitted. */
function seen(namespace: string) {
  const here = changes.filter((change) => change.kind === 'configmap' && change.namespace === namespace)
  const names = here
    .filter((change) => !change.admitted)
    .flatMap((change) => (change.names.length === 0 ? ['*'] : change.names))
  const admitted = here.flatMap(({ admitted, names }) => (admitted ? [`${admitted.operation} ${names[0] ?? '*'}`] : []))
  return { names: [...new Set(names)].toSorted(), admitted }
}

const data = { password: 'hunter2' }
const collection = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`
const map = (namespace: string, name: string) => `${collection(namespace)}/${name}`
const applied = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })
const APPLY = 'application/apply-patch+yaml'

/** Every action leaves one more ConfigMap, `end`, behind it: with that seen, what has not been seen does not come. */
const rows: { name: string; act: (namespace: string) => Promise<unknown>; names: string[]; admitted: string[] }[] = [
  {
    name: 'create, update, delete',
    act: async (namespace) => {
      await post(collection(namespace), { metadata: { name: 'a' }, data })
      await call('PUT', map(namespace, 'a'), { metadata: { name: 'a' }, data: { password: 'hunter22' } })
      await call('DELETE', map(namespace, 'a'))
    },
    names: ['a'],
    admitted: ['CREATE a', 'UPDATE a', 'DELETE a'],
  },
  {
    name: 'patches',
    act: async (namespace) => {
      await call('PATCH', `${map(namespace, 'a')}?fieldManager=me`, applied('a'), {}, APPLY)
      await call('PATCH', map(namespace, 'a'), { data: { more: 'hunter2' } }, {}, 'application/merge-patch+json')
    },
    names: ['a'],
    admitted: ['CREATE a', 'UPDATE a'],
  },
  {
    name: 'a dry run',
    act: (namespace) => call('POST', `${collection(namespace)}?dryRun=All`, { metadata: { name: 'a' } }),
    names: [],
    admitted: [],
  },
  {
    name: 'a failed request',
    act: async (namespace) => {
      await call('DELETE', map(namespace, 'nothing'))
      await call('PUT', map(namespace, 'x'), { metadata: { name: 'y' } })
    },
    names: [],
    admitted: [],
  },
  {
    name: 'our own writes',
    act: (namespace) =>
      call(
        'PATCH',
        `${map(namespace, 'a')}?fieldManager=heliograph`,
        applied('a'),
        { 'user-agent': 'heliograph/0.1.0' },
        APPLY,
      ),
    names: [],
    admitted: [],
  },
  {
    name: "our own write and a user's to the same object",
    act: async (namespace) => {
      const ours = { 'user-agent': 'heliograph/0.1.0' }
      await call('PATCH', `${map(namespace, 'a')}?fieldManager=heliograph`, applied('a'), ours, APPLY)
      await call('PATCH', map(namespace, 'a'), { data: { more: 'hunter2' } }, {}, 'application/merge-patch+json')
    },
    names: ['a'],
    admitted: ['UPDATE a'],
  },
]

test.each(rows)('$name', async ({ name, act, names, admitted }) => {
  const namespace = name.replaceAll(/[^a-z]+/g, '-')
  await post('/api/v1/namespaces', { metadata: { name: namespace } })
  await act(namespace)
  await post(collection(namespace), { metadata: { name: 'end' } })
  await expect
    .poll(() => seen(namespace), { timeout: 10_000 })
    .toEqual({ names: [...names, 'end'].toSorted(), admitted: [...admitted, 'CREATE end'] })
})

test('a name that the server makes up', async () => {
  await post('/api/v1/namespaces', { metadata: { name: 'generated' } })
  const { metadata } = await post(collection('generated'), { metadata: { generateName: 'a-' } })
  await expect
    .poll(() => seen('generated'), { timeout: 10_000 })
    .toEqual({ names: ['*'], admitted: [`CREATE ${metadata.name}`] })
})

test('a deleted collection', async () => {
  await post('/api/v1/namespaces', { metadata: { name: 'collection' } })
  await post(collection('collection'), { metadata: { name: 'a' } })
  await call('DELETE', collection('collection'))
  await expect.poll(() => seen('collection').names, { timeout: 10_000 }).toContain('*')
  expect(seen('collection').admitted).toContain('DELETE a')
})

test('Namespaces are cluster-scoped', async () => {
  const told = () => changes.filter(({ kind }) => kind === 'namespace')
  await post('/api/v1/namespaces', { metadata: { name: 'told' } })
  await expect.poll(() => told().flatMap(({ names }) => names), { timeout: 10_000 }).toContain('told')
  expect(told().map(({ namespace }) => namespace)).toEqual(told().map(() => ''))
})

test('everything could be read, and no content came along', () => {
  expect(lines.filter((line) => line.level !== 'info')).toEqual([])
  expect(JSON.stringify([lines, changes])).not.toMatch(/hunter2|rome-token/)
})

test('what the bus did not take is sent again', async () => {
  let refusals = 0
  refuse = (more) => {
    const isRefused = refusals < 3 && more.some((change) => change.namespace === 'again' && !change.admitted)
    if (isRefused) refusals++
    return isRefused ? more.length : 0
  }
  await post('/api/v1/namespaces', { metadata: { name: 'again' } })
  await post(collection('again'), { metadata: { name: 'a' } })
  await expect.poll(() => seen('again').names, { timeout: 30_000 }).toEqual(['a'])
  expect(refusals).toBe(3)
  expect(lines.filter((line) => line.level === 'error')).toHaveLength(3)
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cluster as ControlPlane, startCluster } from '../../infra/controlplane/cluster.ts'
import { loadCredentials } from '../../lib/cluster/credentials.ts'
import { ForbiddenError, UnauthorizedError, UnreachableError } from '../../lib/cluster/errors.ts'
import { type HttpCluster, httpCluster } from '../../lib/cluster/http.ts'
import { pathOf } from '../../lib/cluster/port.ts'
import { CONFIGMAP, NAMESPACE, SECRET } from '../../lib/cluster/resources.ts'
import type { TransportOptions } from '../../lib/cluster/transport.ts'

/** The connection to a real API server in its bad hours; what it answers is the contract's matter. */
let dir: string
let controlPlane: ControlPlane
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-connection-'))
  // Every fiftieth request is answered with a GOAWAY, as load balancing between API servers wants it.
  const extraApiServerArgs = ['--goaway-chance=0.02']
  controlPlane = await startCluster({ name: 'connection', dir, components: [], extraApiServerArgs })
})
afterAll(async () => {
  await controlPlane?.stop()
  await rm(dir, { recursive: true, force: true })
})

async function connect(options: Partial<TransportOptions> = {}, kubeconfig = controlPlane.kubeconfig) {
  const credentials = await loadCredentials('rome', { kubeconfig })
  return httpCluster({ id: 'rome', credentials, caller: 'connection', ...options })
}

const map = (name: string, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'default', name, ...metadata },
  data: { name },
})

const errorOf = (run: Promise<unknown>) =>
  run.then(
    () => undefined,
    (error: Error) => error,
  )

test('thousands of requests at once survive the GOAWAYs, each done exactly once', async () => {
  const cluster = await connect()
  const names = Array.from({ length: 1_000 }, (_, i) => `many-${String(i).padStart(4, '0')}`)
  // NOT_EXISTING: a write that was done twice would be a conflict.
  await Promise.all(names.map((name) => cluster.apply(CONFIGMAP, map(name, { resourceVersion: '1' }))))
  const found = await Promise.all(names.map((name) => cluster.get(CONFIGMAP, { namespace: 'default', name })))
  expect(found.map((object) => object?.metadata.name)).toEqual(names)
  const pages = await Array.fromAsync(cluster.list(CONFIGMAP, { namespace: 'default', limit: 300 }))
  const listed = pages.flat().map(({ metadata }) => metadata.name)
  expect(listed.filter((name) => name.startsWith('many-'))).toEqual(names)
  const deleted = await Promise.all(
    pages
      .flat()
      .map(({ metadata: { namespace, name, uid, resourceVersion } }) =>
        cluster.delete(CONFIGMAP, { namespace: namespace!, name }, { uid: uid!, resourceVersion: resourceVersion! }),
      ),
  )
  expect(deleted.every(Boolean)).toBe(true)
  cluster.close()
})

test('a frozen API server is no answer; thawed, it is one again', async () => {
  const cluster = await connect({ timeoutMs: 1_000, idleMs: 0, pingTimeoutMs: 100 })
  await cluster.get(NAMESPACE, { name: 'default' })
  controlPlane.pauseApiServer()
  const error = await errorOf(cluster.get(NAMESPACE, { name: 'default' }))
  controlPlane.resumeApiServer()
  expect(error).toBeInstanceOf(UnreachableError)
  expect(await cluster.get(NAMESPACE, { name: 'default' })).toBeDefined()
  cluster.close()
})

test('a restarted API server is reached over a new connection', async () => {
  const cluster = await connect()
  await cluster.get(NAMESPACE, { name: 'default' })
  await controlPlane.stopApiServer()
  const error = await errorOf(cluster.get(NAMESPACE, { name: 'default' }))
  expect(error).toBeInstanceOf(UnreachableError)
  expect(error?.message).toContain('ECONNREFUSED')
  await controlPlane.startApiServer()
  expect(await cluster.get(NAMESPACE, { name: 'default' })).toBeDefined()
  cluster.close()
})

test('requests beneath the port: a token for a service account, which is then a credential', async () => {
  const admin = await connect()
  const accounts = '/api/v1/namespaces/default/serviceaccounts'
  await admin.request('POST', accounts, { body: JSON.stringify({ metadata: { name: 'reader' } }) })
  const made = await admin.request('POST', `${accounts}/reader/token`, { body: '{"spec":{"expirationSeconds":600}}' })
  const { token } = JSON.parse(made.text).status
  const { server, caPem: ca } = controlPlane
  const credentials = await loadCredentials('rome', { server, ca, token })
  const reader = httpCluster({ id: 'rome', credentials, caller: 'connection' })
  await expect(reader.get(SECRET, { namespace: 'default', name: 'x' })).rejects.toBeInstanceOf(ForbiddenError)

  const [, , signature = ''] = token.split('.')
  const forged = await loadCredentials('rome', { server, ca, token: token.replace(signature, signature.toUpperCase()) })
  const liar = httpCluster({ id: 'rome', credentials: forged, caller: 'connection' })
  await expect(liar.get(SECRET, { namespace: 'default', name: 'x' })).rejects.toBeInstanceOf(UnauthorizedError)
  for (const each of [admin, reader, liar]) each.close()
})

test('who may patch but not create is told so', async () => {
  const admin = await connect()
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default'
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'patch'] }]
  const send = async (path: string, object: object) =>
    expect(await admin.request('POST', path, { body: JSON.stringify(object) })).toMatchObject({ status: 201 })
  await send(`${rbac}/roles`, { metadata: { name: 'patcher' }, rules })
  await send(`${rbac}/rolebindings`, {
    metadata: { name: 'patcher' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'patcher' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'patcher' }],
  })
  const patcher: HttpCluster = await connect({}, await controlPlane.kubeconfigFor({ user: 'patcher', groups: [] }))
  const path = pathOf(CONFIGMAP, 'default', 'absent')
  while ((await patcher.request('GET', path)).status === 403) await new Promise((next) => setTimeout(next, 20))
  const error = await errorOf(patcher.apply(CONFIGMAP, map('absent')))
  expect(error).toBeInstanceOf(ForbiddenError)
  expect(error?.message).toContain('forbidden to create configmaps in namespace default')
  for (const each of [admin, patcher]) each.close()
})

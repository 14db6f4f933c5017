import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { findAssets, kubectlCommand } from './assets.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { createAuthority, mintServing } from './pki.ts'
import { call } from './request.ts'

const minute = 60_000
const eventually = { timeout: minute, interval: 100 }

/** What the audit webhook was sent. */
const received: { authorization: string | undefined; url: string | undefined; events: AuditEvent[] }[] = []

interface AuditEvent {
  verb: string
  objectRef?: { resource: string; name?: string }
}

let dir: string
let webhook: Server
let rome: Cluster
let milan: Cluster

beforeAll(async () => {
  await findAssets()
  dir = await mkdtemp(join(tmpdir(), 'cluster-test-'))
  const ca = await createAuthority('webhook')
  const { certPem: cert, keyPem: key } = await mintServing(ca, { hosts: ['127.0.0.1'] })
  webhook = createServer({ cert, key }, async (req, res) => {
    const chunks = await req.toArray()
    const { items } = JSON.parse(Buffer.concat(chunks).toString())
    received.push({ authorization: req.headers.authorization, url: req.url, events: items })
    res.end()
  }).listen(0, '127.0.0.1')
  await once(webhook, 'listening')
  const { port } = webhook.address() as { port: number }
  const server = `https://127.0.0.1:${port}/audit/rome`
  const audit = { server, token: 'secret-token', caPem: ca.certPem, batchMaxWaitMs: 10 }
  ;[rome, milan] = await Promise.all([
    startCluster({ name: 'rome', dir: join(dir, 'rome'), audit }),
    startCluster({ name: 'milan', dir: join(dir, 'milan'), nodes: 2, podCIDR: '10.80.0.0/16' }),
  ])
}, 40 * minute)

afterAll(async () => {
  await Promise.all([rome?.stop(), milan?.stop()])
  webhook?.closeAllConnections()
  webhook?.close()
  await rm(dir, { recursive: true, force: true })
}, 2 * minute)

const configMaps = '/api/v1/namespaces/default/configmaps'
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
const pod = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'main', image: 'example.com/main' }], ...spec },
})

describe('two clusters side by side', () => {
  test('both are ready, each on its own port with its own CA', async () => {
    expect([...rome.missing, ...milan.missing]).toEqual([])
    expect(rome.server).not.toBe(milan.server)
    expect(rome.caPem).not.toBe(milan.caPem)
    for (const cluster of [rome, milan]) {
      expect(await cluster.call('/readyz')).toEqual({ status: 200, body: 'ok' })
      expect((await cluster.call('/api/v1/namespaces/default/serviceaccounts/default')).status).toBe(200)
    }
    await expect(call({ ...rome.admin, server: milan.server }, '/readyz')).rejects.toThrow(/certificate|signature/)
  })

  test('they share no objects', async () => {
    expect((await rome.call(configMaps, { method: 'POST', body: configMap('only-rome') })).status).toBe(201)
    expect((await milan.call(`${configMaps}/only-rome`)).status).toBe(404)
  })
})

test('RBAC: a user without rights is refused, a bound one is not', async () => {
  const jane = await rome.accessFor({ user: 'jane', groups: ['readers'] })
  expect(await call(jane, '/api/v1/secrets')).toMatchObject({ status: 403, body: { reason: 'Forbidden' } })
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'readers' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'readers' }],
  }
  await rome.call('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { method: 'POST', body: binding })
  await vi.waitFor(async () => expect((await call(jane, '/api/v1/pods')).status).toBe(200), eventually)
  expect((await call(jane, '/api/v1/secrets')).status).toBe(403)
})

test('ServiceAccount admission: a pod gets its token, an unknown account is refused', async () => {
  const pods = '/api/v1/namespaces/default/pods'
  const { body } = await rome.call(pods, { method: 'POST', body: pod('with-token') })
  expect(body.spec.serviceAccountName).toBe('default')
  expect(body.spec.volumes[0].projected.sources[0].serviceAccountToken).toBeDefined()
  const refused = await rome.call(pods, { method: 'POST', body: pod('refused', { serviceAccountName: 'nobody' }) })
  expect(refused).toMatchObject({ status: 403, body: { message: expect.stringContaining('nobody') } })
})

test('a delete with stale preconditions is refused', async () => {
  const { body } = await rome.call(configMaps, { method: 'POST', body: configMap('guarded') })
  const preconditions = { uid: body.metadata.uid, resourceVersion: '1' }
  const answer = await rome.call(`${configMaps}/guarded`, { method: 'DELETE', body: { preconditions } })
  expect(answer).toMatchObject({ status: 409, body: { reason: 'Conflict' } })
})

test('audit events arrive at the webhook with the bearer token', async () => {
  await rome.call(configMaps, { method: 'POST', body: configMap('audited') })
  const isIt = ({ verb, objectRef }: AuditEvent) => verb === 'create' && objectRef?.name === 'audited'
  await vi.waitFor(() => expect(received.flatMap(({ events }) => events).some(isIt)).toBe(true), eventually)
  expect(new Set(received.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer secret-token']))
  expect(received[0]?.url).toMatch(/^\/audit\/rome\b/)
})

test('pods run on the fake nodes, on addresses of the pod CIDR', async () => {
  await milan.call('/api/v1/namespaces/default/pods', { method: 'POST', body: pod('runs') })
  await vi.waitFor(async () => {
    const { body } = await milan.call('/api/v1/namespaces/default/pods/runs')
    expect(body.status).toMatchObject({ phase: 'Running', podIP: expect.stringMatching(/^10\.80\./) })
  }, eventually)
  expect((await milan.call('/api/v1/namespaces/default/pods/runs/log')).body).toContain('kwok plays this container')
})

test('kubectl works with the kubeconfigs', async () => {
  const [command, leading] = await kubectlCommand()
  const run = (kubeconfig: string, ...args: string[]) =>
    execFileSync(command, [...leading, '--kubeconfig', kubeconfig, ...args], { encoding: 'utf8' })
  expect(run(milan.kubeconfig, 'get', 'namespaces', '-o', 'name')).toContain('namespace/default')
  expect(run(milan.kubeconfig, 'version')).toMatch(/Server Version: v1\.\d+\.\d+/)
  const bob = await milan.kubeconfigFor({ user: 'bob', groups: ['builders'] })
  expect(run(bob, 'auth', 'whoami', '-o', 'jsonpath={.status.userInfo.groups}')).toContain('builders')
})

describe('outages', () => {
  test('a paused API server answers nothing until it is resumed', async () => {
    milan.pauseApiServer()
    await expect(milan.call('/readyz', { timeoutMs: 500 })).rejects.toThrow('no answer within 500 ms')
    milan.resumeApiServer()
    await vi.waitFor(async () => expect((await milan.call('/readyz')).status).toBe(200), eventually)
  })

  test(
    'a stopped API server refuses connections, and comes back with its objects',
    async () => {
      await milan.call(configMaps, { method: 'POST', body: configMap('survivor') })
      await milan.stopApiServer()
      await expect(milan.call('/readyz')).rejects.toThrow('ECONNREFUSED')
      await milan.startApiServer()
      expect((await milan.call(`${configMaps}/survivor`)).status).toBe(200)
    },
    3 * minute,
  )
})

describe('no process is left', () => {
  test('after stop, which may be called again', async () => {
    const pids = Object.values(rome.pids())
    expect(pids.length).toBeGreaterThanOrEqual(3)
    expect(pids.filter(isRunning)).toEqual(pids)
    await rome.stop()
    await rome.stop()
    expect(pids.filter(isRunning)).toEqual([])
    expect(rome.pids()).toEqual({})
  })

  test('and a cluster started again in the same folder has its objects', async () => {
    const again = await startCluster({ name: 'rome', dir: join(dir, 'rome'), components: [] })
    try {
      expect(again.caPem).toBe(rome.caPem)
      expect((await again.call(`${configMaps}/only-rome`)).status).toBe(200)
    } finally {
      await again.stop()
    }
  }, 180_000)

  test(
    'after a start that failed, whose error shows the log',
    async () => {
      const options = { name: 'bad', dir: join(dir, 'bad'), components: [], extraApiServerArgs: ['--no-such-flag'] }
      await expect(startCluster(options)).rejects.toThrow(/kube-apiserver ended .*unknown flag: --no-such-flag/s)
      await vi.waitFor(() => expect(processesIn('bad')).toEqual([]), eventually)
    },
    3 * minute,
  )

  test(
    'after the death of the process that started them, one of them frozen',
    async () => {
      const child = startElsewhere('orphan')
      const [line] = await once(child.stdout!, 'data')
      const pids = Object.values(JSON.parse(String(line)) as Record<string, number>)
      expect(pids.filter(isRunning)).toEqual(pids)
      child.kill('SIGKILL')
      await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), eventually)
    },
    3 * minute,
  )
})

/** A process of its own that starts a cluster, freezes its API server and prints the pids. */
const startElsewhere = (name: string): ChildProcess => {
  const script = `
    const { startCluster } = await import(${JSON.stringify(import.meta.resolve('./cluster.ts'))})
    const cluster = await startCluster(${JSON.stringify({ name, dir: join(dir, name), components: [] })})
    cluster.pauseApiServer()
    console.log(JSON.stringify(cluster.pids()))
    setInterval(() => {}, 1000)`
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** An ended process whose parent has not yet asked for its exit code (state Z) does not run. */
const isRunning = (pid: number): boolean => {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z')
  } catch {
    return false
  }
}

const processesIn = (folder: string): string[] =>
  execFileSync('ps', ['-ax', '-o', 'args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(join(dir, folder)) && !line.startsWith('ps '))

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, writeFile } from 'node:fs/promises'
import https from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kubectlCommand } from '../../infra/controlplane/assets.ts'
import { eventually } from '../../infra/local/eventually.ts'
import { type TestStage, testStage } from './stage.ts'

/** rome's real API server asks the virtual node's kubelet API; kwok's kubelets in milan have the logs. */
let stage: TestStage

const NODE = 'liqo-milan'

beforeAll(async () => {
  stage = await testStage({ nodes: { milan: 1 }, speed: 1, env: { NETWORKING_INTERNAL: 'false' } })
  await log('first', 'second', 'third')
  await rome('create', 'namespace', 'shop')
  await apply({
    apiVersion: 'offloading.liqo.io/v1beta1',
    kind: 'NamespaceOffloading',
    ...named('offloading'),
    spec: {},
  })
  await stage.host.invoke('node', {})
  const containers = ['app', 'side'].map((name) => ({
    name,
    image: 'registry.example/web:1',
    ports: [{ containerPort: 8080 }],
  }))
  const spec = { nodeName: NODE, tolerations: [{ operator: 'Exists' }], containers }
  await apply({ apiVersion: 'v1', kind: 'Pod', ...named('web'), spec })
  await eventually('the pod runs in both clusters', async () => {
    const pods = await Promise.all([
      stage.clusters.rome!.kubectl.get('pod', 'web', 'shop'),
      stage.clusters.milan!.kubectl.get('pod', 'web', 'shop-rome'),
    ])
    return pods.every((pod) => (pod?.status as { phase?: string } | undefined)?.phase === 'Running')
  })
})
afterAll(() => stage?.stop())

const named = (name: string) => ({ metadata: { name, namespace: 'shop' } })
const rome = (...args: string[]) => stage.clusters.rome!.kubectl(args)
const apply = (object: object) => stage.clusters.rome!.kubectl(['apply', '-f', '-'], JSON.stringify(object))
const attempt = (...args: string[]) => stage.clusters.rome!.kubectl.try(['-n', 'shop', ...args])

const logFile = () => join(stage.clusters.milan!.cluster.dir, 'kwok-container.log')
const lineOf = (text: string) => `${new Date().toISOString()} stdout F ${text}\n`
const log = (...texts: string[]) => writeFile(logFile(), texts.map(lineOf).join(''))
const more = (text: string) => appendFile(logFile(), lineOf(text))

test('kubectl logs at home shows what the pod writes elsewhere', async () => {
  expect(await rome('-n', 'shop', 'logs', 'web', '-c', 'app')).toBe('first\nsecond\nthird\n')
  expect(await rome('-n', 'shop', 'logs', 'web', '-c', 'side', '--tail=1')).toBe('third\n')
  expect(await rome('-n', 'shop', 'logs', 'web', '-c', 'app', '--limit-bytes=4')).toBe('firs')
  expect(await rome('-n', 'shop', 'logs', 'web', '-c', 'app', '--tail=1', '--timestamps')).toMatch(
    /^\d{4}-.*Z third\n$/,
  )
  expect(await rome('-n', 'shop', 'logs', 'web', '-c', 'app', '--since-time=2100-01-01T00:00:00Z')).toBe('')
})

/** kubectl that goes on, and what it has said so far. */
interface Kubectl {
  child: ChildProcess
  said(): string
  complained(): string
}

async function started(...args: string[]): Promise<Kubectl> {
  const [program, prefix] = await kubectlCommand()
  const child = spawn(program, [...prefix, '--kubeconfig', stage.clusters.rome!.kubeconfig, '-n', 'shop', ...args])
  const [said, complained] = [child.stdout, child.stderr].map((stream) => {
    let text = ''
    stream.on('data', (chunk) => {
      text += chunk
    })
    return () => text
  })
  return { child, said: said!, complained: complained! }
}

test('followed logs come line by line, and the function ends with its caller', async () => {
  await log('first')
  const { child, said } = await started('logs', 'web', '-c', 'app', '-f')
  await eventually('the first line', async () => said() === 'first\n')
  for (const text of ['and', 'so', 'on']) {
    await more(text)
    await eventually(`the line "${text}"`, async () => said().endsWith(`${text}\n`))
  }
  const { sandboxes } = stage.host.stats().functions.kubelet!
  child.kill()
  await once(child, 'close')
  await eventually('the function has ended', async () => stage.host.stats().functions.kubelet!.sandboxes < sandboxes)
})

test('a log larger than a function may answer at once', async () => {
  const text = 'x'.repeat(999)
  await log(...Array.from({ length: 8000 }, () => text))
  expect(await rome('-n', 'shop', 'logs', 'web', '-c', 'app')).toBe(`${text}\n`.repeat(8000))
})

test.each([
  {
    name: 'exec',
    args: ['exec', 'web', '-c', 'side', '--', 'sh', '-c', 'echo hi'],
    want: "exec web -c side -- sh -c 'echo hi'",
  },
  { name: 'attach', args: ['attach', 'web', '-c', 'app'], want: 'attach web -c app' },
])('$name says the command that does it', async ({ args, want }) => {
  const { code, stderr } = await attempt(...args)
  expect(code).not.toBe(0)
  expect(stderr).toContain(`kubectl --context milan -n shop-rome ${want}`)
})

test('port-forward says the command that does it', async () => {
  const { child, complained } = await started('port-forward', 'pod/web', ':8080')
  const command = 'kubectl --context milan -n shop-rome port-forward pod/web 8080'
  await eventually('the command', async () => complained().includes(command))
  child.kill()
})

interface Answered {
  status: number
  text: string
}

async function call(path: string, credential: { certPem?: string; keyPem?: string } = {}): Promise<Answered> {
  const { certPem: cert, keyPem: key } = credential
  const request = https.get(`${stage.host.urls.kubelet}${path}`, { rejectUnauthorized: false, agent: false, cert, key })
  const [response] = await once(request, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode, text }
}

test('who is nobody in rome, or may not, is refused', async () => {
  await expect(call('/containerLogs/shop/web/app')).rejects.toThrow()
  await expect(
    call(
      '/containerLogs/shop/web/app',
      await stage.clusters.milan!.cluster.accessFor({ user: 'ada', groups: ['system:masters'] }),
    ),
  ).rejects.toThrow()
  const ada = await stage.clusters.rome!.cluster.accessFor({ user: 'ada' })
  expect(await call('/containerLogs/shop/web/app', ada)).toEqual({
    status: 403,
    text: `user ada may not get nodes/proxy of ${NODE} in cluster rome`,
  })
  await rome('create', 'clusterrolebinding', 'ada', '--clusterrole=system:kubelet-api-admin', '--user=ada')
  await eventually('the binding holds', async () => (await call('/containerLogs/shop/web/app', ada)).status === 200)
  expect(await call('/metrics/resource', ada)).toMatchObject({
    status: 501,
    text: expect.stringContaining('--context milan top pods'),
  })
})

test('a pod that is not there, or is somebody else’s, has no logs here', async () => {
  const spec = { nodeName: NODE, tolerations: [{ operator: 'Exists' }], containers: [{ name: 'app', image: 'web:1' }] }
  const theirs = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'theirs', namespace: 'shop-rome' },
    spec: { ...spec, nodeName: undefined },
  }
  await stage.clusters.milan!.kubectl(['apply', '-f', '-'], JSON.stringify(theirs))
  await apply({ apiVersion: 'v1', kind: 'Pod', ...named('theirs'), spec })
  const { code, stderr } = await attempt('logs', 'theirs')
  expect(code).not.toBe(0)
  expect(stderr).toContain('somebody else’s')
  const previous = await attempt('logs', 'web', '-c', 'app', '--previous')
  expect(previous.code).not.toBe(0)
})

/** The last one: milan stays down. */
test('when the other cluster goes away followed logs end, and whoever asks is told why there are none', async () => {
  await log('first')
  const { child, said } = await started('logs', 'web', '-c', 'app', '-f')
  await eventually('the first line', async () => said() === 'first\n')
  const closed = once(child, 'close')
  await stage.clusters.milan!.cluster.stopApiServer()
  await closed
  const { stderr } = await attempt('logs', 'web', '-c', 'app')
  expect(stderr).toContain('cluster milan: no answer to GET')
})

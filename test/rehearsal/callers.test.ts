import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Found } from '../../infra/local/kubectl.ts'
import { type Clock, startClock } from '../../infra/local/schedule/clock.ts'
import { offload } from '../e2e/offload.ts'
import { putLines } from './audit-log.ts'
import { DEAD_LETTERS, messagesIn } from './dead-letters.ts'
import { configure } from './operator.ts'
import { type Rehearsal, startRehearsal } from './rehearsal.ts'
import { patiently, sceneOf } from './scene.ts'
import { fire, scheduleOf } from './schedule.ts'

/**
 * What the clusters call besides the webhook's URL, from its deployed packages: the admission webhook, the kubelet API,
 * and the audit log of EKS by way of CloudWatch Logs.
 */
let rehearsal: Rehearsal
let clock: Clock | undefined
let firing: Promise<void> | undefined
const scene = sceneOf(() => rehearsal, 'batch')
const { kubectl, there } = scene
const rome = (...args: string[]) => scene.clusters.rome!.kubectl(args)

beforeAll(async () => {
  rehearsal = await startRehearsal({ NETWORKING_INTERNAL: 'false' }, { nodes: { milan: 1 }, auditLogs: ['rome'] })
  await rehearsal.admit()
  await offload(rehearsal, scene.namespace, { podOffloadingStrategy: 'Remote' })
  await rome('create', 'namespace', 'plain')
  // The virtual node lives by it.
  const schedule = scheduleOf(scene, 'node')
  clock = startClock([schedule], scene.lambda.deployed(), 1, () => {
    firing = fire(scene, schedule)
  })
  await patiently('the virtual node', () => scene.clusters.rome!.kubectl.get('node', NODE))
  await rome('wait', '--for=condition=Ready', `node/${NODE}`, '--timeout=60s')
  await patiently('the admission webhook is asked', async () => toleratesAway(await admitted('batch')))
})
afterAll(async () => {
  clock?.stop()
  await firing
  await rehearsal?.stop()
})

const NODE = 'liqo-milan'

interface PodFields {
  spec: { nodeName?: string; tolerations?: { key?: string }[] }
  status?: { phase?: string }
}
type Pod = Found & PodFields

const toleratesAway = ({ spec: { tolerations = [] } }: PodFields) =>
  tolerations.some(({ key }) => key === 'virtual-node.liqo.io/not-allowed')
const isIn = (phase: string) => (found: Found) => (found as Pod).status?.phase === phase

/** A pod as it would be if it were created. */
async function admitted(namespace: string): Promise<Pod> {
  const pod = await rome('-n', namespace, 'run', 'any', '--image=web:1', '--dry-run=server', '-o', 'json')
  return JSON.parse(pod)
}

/** Pods of the Job, by name. */
async function podsOf(cluster: string, namespace: string, selector: string): Promise<Pod[]> {
  const list = await scene.clusters[cluster]!.kubectl(['-n', namespace, 'get', 'pods', '-l', selector, '-o', 'json'])
  const { items } = JSON.parse(list) as { items: Pod[] }
  return items.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

test('a pod of an offloaded namespace is made to run in milan, and one of another namespace is left alone', async () => {
  await kubectl('run', 'web', '--image=web:1')
  await there('pod', 'web', isIn('Running'))
  const home = await patiently('the pod runs at home too', async () => {
    const pod = await scene.clusters.rome!.kubectl.get('pod', 'web', scene.namespace)
    return pod && isIn('Running')(pod) && (pod as Pod)
  })
  expect(home.spec.nodeName).toBe(NODE)
  expect(toleratesAway(home)).toBe(true)
  await patiently('the ServiceAccount of pods', () =>
    scene.clusters.rome!.kubectl.get('serviceaccount', 'default', 'plain'),
  )
  expect(toleratesAway(await admitted('plain'))).toBe(false)
  expect(scene.lambda.stats('admission').invocations).toBeGreaterThan(0)
})

test('a Job completes in milan, and so in rome', async () => {
  const completions = 6
  const before = scene.lambda.deliveries.length
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'sum', image: 'sum:1' }] } }
  const spec = { completions, parallelism: 3, template }
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'sum', namespace: scene.namespace }, spec }
  await scene.clusters.rome!.kubectl(['create', '-f', '-'], JSON.stringify(job))
  await kubectl('wait', '--for=condition=Complete', '--timeout=200s', 'job/sum')
  const home = await podsOf('rome', scene.namespace, 'job-name=sum')
  const away = await podsOf('milan', `${scene.namespace}-rome`, 'job-name=sum')
  const wanted = home.map(({ metadata }) => ({ name: metadata.name, phase: 'Succeeded' }))
  expect(wanted).toHaveLength(completions)
  expect(away.map(({ metadata, status }) => ({ name: metadata.name, phase: status?.phase }))).toEqual(wanted)
  await scene.quiet()
  const rules = new Set(scene.lambda.deployed().rules.map(({ arn }) => arn))
  const since = scene.lambda.deliveries.slice(before).filter(({ from }) => rules.has(from))
  const done = new Set(since.flatMap((one) => (one.result === 'done' ? one.function : [])))
  expect([...done]).toEqual(expect.arrayContaining(['pod', 'shadowpod']))
  expect(await messagesIn(scene.account, DEAD_LETTERS)).toBe(0)
})

test('kubectl logs in rome shows what the pod writes in milan', async () => {
  const said = await scene.clusters.milan!.kubectl(['-n', `${scene.namespace}-rome`, 'logs', 'web'])
  expect(said).not.toBe('')
  expect(await kubectl('logs', 'web')).toBe(said)
  expect(scene.lambda.stats('kubelet').invocations).toBeGreaterThan(0)
})

test('of the audit log of EKS what may have changed something reaches the functions', async () => {
  const { read, logGroup } = scene.auditLogs.rome!
  const { environment } = scene.lambda.deployed().functions.find(({ name }) => name === 'webhook')!
  const variables = { ...environment, CLUSTER_ROME_WEBHOOK_TOKEN: 'of another cluster' }
  // The log alone is to bring it.
  const restore = await configure(scene, 'webhook', { Environment: { Variables: variables } })
  await kubectl('create', 'configmap', 'logged', '--from-literal=k=v')
  await patiently('the API server is refused', async () =>
    scene.lines.some((line) => line.startsWith('webhook ') && line.includes('UnauthenticatedError')),
  )
  const isAbout = (line: string) => JSON.parse(line).objectRef.name === 'logged'
  const line = await patiently('the audit event', async () => (await read()).find(isAbout))
  expect(await scene.clusters.milan!.kubectl.get('configmap', 'logged', `${scene.namespace}-rome`)).toBeUndefined()
  const { clients } = scene.account
  const event = JSON.parse(line)
  const others = [
    { ...event, stage: 'RequestReceived' },
    { ...event, verb: 'get' },
    { ...event, objectRef: { ...event.objectRef, apiGroup: 'coordination.k8s.io', resource: 'leases' } },
  ]
  await putLines(clients, { logGroup }, 'authenticator-0f3a4b5c', ['time="2026-11-23T14:07:11Z" level=info'])
  await putLines(clients, { logGroup }, 'kube-apiserver-audit-0f3a4b5c', [
    ...others.map((one) => JSON.stringify(one)),
    line,
  ])
  expect((await there('configmap', 'logged')).data).toEqual({ k: 'v' })
  await scene.quiet()
  await restore()

  const calls = scene.lambda.deliveries.filter((one) => one.function === 'webhook' && one.result === 'done')
  expect(calls).toHaveLength(1)
  const { awslogs } = calls[0]!.event as { awslogs: { data: string } }
  expect(JSON.parse(gunzipSync(Buffer.from(awslogs.data, 'base64')).toString())).toEqual({
    messageType: 'DATA_MESSAGE',
    owner: scene.lambda.deployed().account,
    logGroup,
    logStream: 'kube-apiserver-audit-0f3a4b5c',
    subscriptionFilters: [expect.any(String)],
    logEvents: [{ id: expect.stringMatching(/^\d{56}$/), timestamp: expect.any(Number), message: line }],
  })
})

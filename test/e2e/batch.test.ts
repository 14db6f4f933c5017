import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import type { Found } from '../../infra/local/kubectl.ts'
import { showcase } from '../../infra/local/showcase.ts'
import { type TestStage, testStage } from './stage.ts'

/**
 * The case that this project is for: a Job of many completions runs in the other cluster and only talks to a database
 * outside. kwok has no containers, so the test does what they would: for each pod that the remote cluster runs it
 * resolves the environment as a kubelet does, from the remote cluster alone, and connects to the address in it.
 */
const COMPLETIONS = 50

interface Pod {
  metadata: { name: string }
  spec: { containers: { env?: Env[] }[] }
  status: { phase: string; podIP?: string; podIPs?: unknown[] }
}

interface Env {
  name: string
  value?: string
  valueFrom?: { configMapKeyRef?: { name: string; key: string }; secretKeyRef?: { name: string; key: string } }
}

interface Slice {
  metadata: { name: string }
  endpoints?: { addresses: string[] }[] | null
}

const dataOf = (object: Found | undefined) => (object?.data ?? {}) as Record<string, string>

describe.each(['virtual-node', 'gate'] as const)('a batch workload, both flags false, offloaded by %s', (mode) => {
  let stage: TestStage
  let database: Server
  const callers = new Set<string>()

  beforeAll(async () => {
    database = createServer((socket) =>
      socket.on('data', (name) => {
        callers.add(name.toString())
        socket.end('ok')
      }),
    )
    database.listen(0, '127.0.0.1')
    await once(database, 'listening')
    const { env, ...rest } = showcase(mode)
    stage = await testStage({ ...rest, env: { ...env, NETWORKING_REFLECT_IPS: 'false' }, speed: 1 })
  })
  afterAll(async () => {
    await stage?.stop()
    database.close()
  })

  const rome = (args: string[], input?: string) => stage.clusters.rome!.kubectl(args, input)
  const apply = (object: object) => rome(['apply', '-f', '-'], JSON.stringify(object))
  const listIn = async <T>(id: string, kind: string, namespace: string): Promise<T[]> =>
    JSON.parse(await stage.clusters[id]!.kubectl(['get', kind, '-n', namespace, '-o', 'json'])).items

  /** The environment of a pod's container, by what the remote cluster holds. */
  async function environmentOf({ spec }: Pod): Promise<Record<string, string>> {
    const env: Record<string, string> = {}
    for (const { name, value, valueFrom } of spec.containers[0]?.env ?? []) {
      const { configMapKeyRef: config, secretKeyRef: secret } = valueFrom ?? {}
      const found = config && (await stage.clusters.milan!.kubectl.get('configmap', config.name, 'batch-rome'))
      const hidden = secret && (await stage.clusters.milan!.kubectl.get('secret', secret.name, 'batch-rome'))
      if (value !== undefined) env[name] = value
      else if (config) env[name] = dataOf(found)[config.key]!
      else if (secret) env[name] = Buffer.from(dataOf(hidden)[secret.key]!, 'base64').toString()
    }
    return env
  }

  /** What the container does: connect, say who it is, wait for the answer. */
  async function runContainer(pod: Pod): Promise<void> {
    const { DATABASE_HOST: host, DATABASE_PORT: port } = await environmentOf(pod)
    const socket = connect({ host: host!, port: Number(port) })
    await once(socket, 'connect')
    socket.write(pod.metadata.name)
    await once(socket, 'data')
    socket.destroy()
  }

  test('completes, reaches the database, and shows to no Service', async () => {
    const namespace = 'batch'
    const { port } = database.address() as AddressInfo
    await rome(['create', 'namespace', namespace])
    await apply({
      apiVersion: 'offloading.liqo.io/v1beta1',
      kind: 'NamespaceOffloading',
      metadata: { name: 'offloading', namespace },
      spec: { podOffloadingStrategy: 'Remote' },
    })
    await rome([
      '-n',
      namespace,
      'wait',
      '--for=jsonpath={.status.offloadingPhase}=Ready',
      'nsof/offloading',
      '--timeout=60s',
    ])
    await rome(['-n', namespace, 'create', 'configmap', 'database', '--from-literal=host=127.0.0.1'])
    await rome(['-n', namespace, 'create', 'secret', 'generic', 'database', `--from-literal=port=${port}`])
    const selector = { app: 'sum' }
    await apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'sum', namespace },
      spec: { selector, ports: [{ port: 80 }] },
    })
    const env: Env[] = [
      { name: 'DATABASE_HOST', valueFrom: { configMapKeyRef: { name: 'database', key: 'host' } } },
      { name: 'DATABASE_PORT', valueFrom: { secretKeyRef: { name: 'database', key: 'port' } } },
    ]
    const template = {
      metadata: { labels: selector },
      spec: { restartPolicy: 'Never', containers: [{ name: 'sum', image: 'sum:1', env }] },
    }
    await apply({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'sum', namespace },
      spec: { completions: COMPLETIONS, parallelism: 10, template },
    })

    const ran = new Set<string>()
    let seenAddresses = 0
    await eventually(
      'the Job is complete, and every pod of it ran',
      async () => {
        for (const pod of await listIn<Pod>('milan', 'pods', 'batch-rome')) {
          if (ran.has(pod.metadata.name) || pod.status.phase === 'Pending') continue
          ran.add(pod.metadata.name)
          await runContainer(pod)
        }
        for (const [id, place] of [
          ['rome', namespace],
          ['milan', 'batch-rome'],
        ] as const) {
          // milan's own slices hold milan's own pods; what rome gave it would bear rome's mark.
          const slices = await listIn<Slice & { metadata: { labels: Record<string, string> } }>(
            id,
            'endpointslices',
            place,
          )
          const watched =
            id === 'rome'
              ? slices
              : slices.filter(({ metadata }) =>
                  /reflection/.test(metadata.labels['endpointslice.kubernetes.io/managed-by'] ?? ''),
                )
          seenAddresses += watched.flatMap(({ endpoints }) => endpoints ?? []).length
        }
        const job = await stage.clusters.rome!.kubectl.get('job', 'sum', namespace)
        const { succeeded = 0 } = (job?.status ?? {}) as { succeeded?: number }
        return succeeded === COMPLETIONS && ran.size >= COMPLETIONS
      },
      110_000,
    )
    const pods = await listIn<Pod>('rome', 'pods', namespace)
    expect(pods).toHaveLength(COMPLETIONS)
    expect(pods.filter(({ status }) => status.phase !== 'Succeeded')).toEqual([])
    expect(pods.filter(({ status }) => status.podIP || status.podIPs?.length)).toEqual([])
    expect(callers.size).toBe(COMPLETIONS)
    expect(seenAddresses).toBe(0)
    expect(await stage.host.deadLetters.list()).toEqual([])
  })
})

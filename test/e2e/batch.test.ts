import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { showcase } from '../../infra/local/showcase.ts'
import { offload } from './offload.ts'
import { ipsOf, type Pod, type Sides, watchSides } from './sides.ts'
import { type TestStage, testStage } from './stage.ts'
import { wronglyShown } from './views.ts'

/**
 * The case that this project is for: a Job of many completions runs in the other cluster and only talks to a database
 * outside. kwok has no containers, so the test does what they would: for each pod that the remote cluster runs it
 * resolves the environment as a kubelet does, from the remote cluster alone, and connects to the address in it.
 */
const COMPLETIONS = 50

interface Env {
  name: string
  value?: string
  valueFrom?: { configMapKeyRef?: Ref; secretKeyRef?: Ref }
}

interface Ref {
  name: string
  key: string
}

describe.each(['virtual-node', 'gate'] as const)('a batch workload, both flags false, offloaded by %s', (mode) => {
  let stage: TestStage
  let database: Server
  let sides: Sides
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
    sides?.close()
    await stage?.stop()
    database.close()
  })

  const rome = (args: string[], input?: string) => stage.clusters.rome!.kubectl(args, input)
  const apply = (object: object) => rome(['apply', '-f', '-'], JSON.stringify(object))

  /** The environment of a pod's container, by what the remote cluster holds. */
  async function environmentOf({ spec }: Pod): Promise<Record<string, string>> {
    const valueIn = async (plural: string, { name, key }: Ref): Promise<string> => {
      const { body } = await stage.clusters.milan!.cluster.call(`/api/v1/namespaces/batch-rome/${plural}/${name}`)
      return body.data[key]
    }
    const env: Record<string, string> = {}
    const [container] = spec.containers as { env?: Env[] }[]
    for (const { name, value, valueFrom } of container?.env ?? []) {
      const { configMapKeyRef: config, secretKeyRef: secret } = valueFrom ?? {}
      if (value !== undefined) env[name] = value
      else if (config) env[name] = await valueIn('configmaps', config)
      else if (secret) env[name] = Buffer.from(await valueIn('secrets', secret), 'base64').toString()
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
    sides = await watchSides(stage, namespace)
    await offload(stage, namespace, { podOffloadingStrategy: 'Remote' })
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
    await eventually(
      'the Job is complete, and every pod of it ran',
      async () => {
        const started = sides.podsIn('milan').filter(({ metadata, status }) => {
          return !ran.has(metadata.name) && status.phase !== 'Pending'
        })
        for (const pod of started) {
          ran.add(pod.metadata.name)
          await runContainer(pod)
        }
        const ended = sides.podsIn('rome').filter(({ status }) => status.phase === 'Succeeded')
        return ended.length === COMPLETIONS && ran.size >= COMPLETIONS
      },
      110_000,
    )
    await rome(['-n', namespace, 'wait', '--for=condition=Complete', '--timeout=60s', 'job/sum'])
    expect(sides.podsIn('rome')).toHaveLength(COMPLETIONS)
    // In no version: neither of a pod at home, nor of a Service of either cluster that would select it.
    expect(sides.podVersions('rome').flatMap(ipsOf)).toEqual([])
    const none = () => undefined
    expect(wronglyShown(sides, { atHome: none, inRemote: none }, [])).toEqual([])
    expect(sides.sliceVersions('rome').length).toBeGreaterThan(0)
    expect(callers.size).toBe(COMPLETIONS)
    expect(await stage.host.deadLetters.list()).toEqual([])
  })
})

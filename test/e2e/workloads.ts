import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import type { Found } from '../../infra/local/kubectl.ts'
import { type Mode, showcase } from '../../infra/local/showcase.ts'
import { offload } from './offload.ts'
import { type TestStage, testStage } from './stage.ts'

/**
 * What befalls workloads: a choice of clusters, a lost machine, failing pods, and functions that are away for long. A test
 * file for each mode, as they wait for minutes and the files run side by side.
 */
export function describeWorkloads(mode: Mode): void {
  describe(`offloading by ${mode}`, () => testWorkloads(mode))
}

function testWorkloads(mode: Mode): void {
  const hasNodes = mode === 'virtual-node'
  let stage: TestStage
  let namespace: string
  let count = 0

  beforeAll(async () => {
    const { env, ...rest } = showcase(mode)
    stage = await testStage({
      ...rest,
      remotes: ['milan', 'turin'],
      nodes: { milan: 2, turin: 1 },
      speed: 1,
      env: { ...env, CLUSTER_TURIN_LABELS: 'region=south' },
    })
    if (!hasNodes) return
    await eventually('both virtual nodes are Ready', async () => {
      const nodes = await Promise.all(['milan', 'turin'].map((id) => rome.get('node', `liqo-${id}`)))
      return nodes.every((node) => condition(node, 'Ready') === 'True')
    })
  })
  afterAll(() => stage?.stop())

  const rome = {
    get: (kind: string, name: string, inside?: string) => stage.clusters.rome!.kubectl.get(kind, name, inside),
    run: (...args: string[]) => stage.clusters.rome!.kubectl(['-n', namespace, ...args]),
    apply: (object: object) => stage.clusters.rome!.kubectl(['apply', '-f', '-'], JSON.stringify(object)),
  }

  function condition(object: Found | undefined, type: string): string | undefined {
    const { conditions = [] } = (object?.status ?? {}) as { conditions?: { type: string; status: string }[] }
    return conditions.find((one) => one.type === type)?.status
  }

  const regionOf = (...values: string[]) => ({
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'region', operator: 'In', values }] }],
  })
  const notSouth = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'region', operator: 'DoesNotExist' }] }] }

  beforeEach(() => {
    namespace = `work-${++count}`
  })

  const offloadTo = (clusterSelector: object) =>
    offload(stage, namespace, { podOffloadingStrategy: 'Remote', clusterSelector })

  const deployment = (replicas: number) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
    },
  })

  interface Pod extends Found {
    metadata: Found['metadata'] & { uid: string; deletionTimestamp?: string }
    spec: { nodeName?: string; containers: { image: string }[] }
    status: { phase: string; containerStatuses?: { restartCount: number }[] }
  }

  async function podsIn(id: string): Promise<Pod[]> {
    const inside = id === 'rome' ? namespace : `${namespace}-rome`
    return JSON.parse(await stage.clusters[id]!.kubectl(['-n', inside, 'get', 'pods', '-o', 'json'])).items
  }

  const running = (id: string, number: number, ms?: number) =>
    eventually(
      `${number} pods Running in ${id}`,
      async () => {
        const pods = (await podsIn(id)).filter(({ metadata }) => !metadata.deletionTimestamp)
        return pods.length === number && pods.every(({ status }) => status.phase === 'Running') && pods
      },
      ms,
    )

  test('a selector chooses one of two clusters, for the namespace and its pods', async () => {
    await offloadTo(regionOf('south'))
    await rome.apply(deployment(2))
    const [here] = await Promise.all([running('rome', 2), running('turin', 2)])
    const node = hasNodes ? 'liqo-turin' : undefined
    expect(here.map(({ spec }) => spec.nodeName)).toEqual([node, node])
    expect(await stage.clusters.milan!.kubectl.get('namespace', `${namespace}-rome`)).toBeUndefined()
  })

  test('another image is rolled out, to none and back to some', async () => {
    await offloadTo(notSouth)
    await rome.apply(deployment(2))
    await running('milan', 2)
    await rome.run('set', 'image', 'deployment/web', 'web=web:2')
    await rome.run('rollout', 'status', 'deployment/web', '--timeout=60s')
    const images = async (id: string) => (await podsIn(id)).map(({ spec }) => spec.containers[0]!.image)
    await eventually('the new image in both clusters, and no other', async () => {
      const all = await Promise.all(['rome', 'milan'].map(images))
      return all.every((found) => found.length === 2 && found.every((image) => image === 'web:2'))
    })
    await rome.run('scale', 'deployment/web', '--replicas=0')
    await Promise.all([running('rome', 0), running('milan', 0)])
    await rome.run('scale', 'deployment/web', '--replicas=20')
    await Promise.all([running('rome', 20), running('milan', 20)])
    await rome.run('scale', 'deployment/web', '--replicas=3')
    await Promise.all([running('rome', 3), running('milan', 3)])
  })

  test('offloaded no more: pods at home are given up when those in the other cluster are gone, not before', async () => {
    await offloadTo(notSouth)
    await rome.apply(deployment(2))
    const [before] = await Promise.all([running('rome', 2), running('milan', 2)])
    const inMilan = (...args: string[]) => stage.clusters.milan!.kubectl(['-n', `${namespace}-rome`, ...args])
    const finalizers = (...all: string[]) => JSON.stringify({ metadata: { finalizers: all } })
    await inMilan('create', 'configmap', 'late')
    await inMilan('patch', 'configmap', 'late', '--type=merge', '-p', finalizers('example.com/late'))
    await rome.run('delete', 'nsof', 'offloading')
    await eventually('the pods in milan are gone', async () => (await podsIn('milan')).length === 0)
    expect((await podsIn('rome')).map(({ status }) => status.phase)).toEqual(['Running', 'Running'])
    await inMilan('patch', 'configmap', 'late', '--type=merge', '-p', finalizers())
    const uids = before.map(({ metadata }) => metadata.uid)
    await eventually('the pods at home have failed', async () =>
      (await podsIn('rome')).every(({ metadata, status }) => !uids.includes(metadata.uid) || status.phase === 'Failed'),
    )
  })

  test('a machine of the remote cluster is lost: its pods run on another one, the pods at home are the same', async () => {
    await offloadTo(notSouth)
    await rome.apply(deployment(4))
    const before = await running('rome', 4)
    const there = await running('milan', 4)
    const lost = there[0]!.spec.nodeName!
    const remote = stage.clusters.milan!
    await remote.kubectl(['delete', 'node', lost])
    // The pod garbage collector waits for up to a minute before it takes a machine for lost.
    await eventually(
      'all on the other machine',
      async () => {
        const pods = await podsIn('milan')
        return (
          pods.length === 4 && pods.every(({ spec, status }) => spec.nodeName !== lost && status.phase === 'Running')
        )
      },
      240_000,
    )
    await eventually('all Running at home, the moved ones restarted', async () => {
      const pods = await podsIn('rome')
      const restarts = pods
        .flatMap(({ status }) => status.containerStatuses ?? [])
        .map(({ restartCount }) => restartCount)
      return pods.every(({ status }) => status.phase === 'Running') && restarts.some((number) => number > 0)
    })
    const uids = (pods: Pod[]) => pods.map(({ metadata }) => metadata.uid).toSorted()
    expect(uids(await podsIn('rome'))).toEqual(uids(before))
  }, 400_000)

  test('a Job whose pod fails tries again, and completes', async () => {
    await offloadTo(notSouth)
    // No machine takes it, so that nobody but the test says how it ends.
    await stage.clusters.milan!.kubectl(['taint', 'nodes', '--all', 'closed=yes:NoSchedule'])
    const spec = { restartPolicy: 'Never', containers: [{ name: 'sum', image: 'sum:1' }] }
    await rome.apply({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'sum', namespace },
      spec: { backoffLimit: 2, template: { spec } },
    })
    const end = async (phase: string, not: readonly string[]): Promise<string> => {
      const pod = await eventually('a pod of the Job in milan', async () =>
        (await podsIn('milan')).find(({ metadata }) => !not.includes(metadata.name)),
      )
      const { name } = pod.metadata
      const status = JSON.stringify({ status: { phase, reason: 'Tested' } })
      const args = [
        '-n',
        `${namespace}-rome`,
        'patch',
        'pod',
        name,
        '--subresource=status',
        '--type=merge',
        '-p',
        status,
      ]
      await stage.clusters.milan!.kubectl(args)
      return name
    }
    const failed = await end('Failed', [])
    await end('Succeeded', [failed])
    await rome.run('wait', '--for=condition=Complete', 'job/sum', '--timeout=60s')
    expect((await rome.get('job', 'sum', namespace))?.status).toMatchObject({ failed: 1, succeeded: 1 })
    await stage.clusters.milan!.kubectl(['taint', 'nodes', '--all', 'closed-'])
  })

  test('functions away for two minutes, under changes: no pod is made twice, all is made up for', async () => {
    await offloadTo(notSouth)
    await rome.apply(deployment(3))
    const before = await running('rome', 3)
    await running('milan', 3)
    const down = Date.now()
    await stage.functionsDown()
    try {
      // Admission is away as well, so what is new waits; what is there changes.
      await rome.run('create', 'configmap', 'late', '--from-literal=k=v')
      await rome.run('scale', 'deployment/web', '--replicas=2')
      await stage.clusters.milan!.kubectl([
        '-n',
        `${namespace}-rome`,
        'delete',
        'pod',
        before[0]!.metadata.name,
        '--wait=false',
      ])
      if (hasNodes)
        await eventually(
          'the virtual node is given up',
          async () => {
            return condition(await rome.get('node', 'liqo-milan'), 'Ready') === 'Unknown'
          },
          150_000,
        )
      await eventually('two minutes are over', async () => Date.now() - down > 120_000, 150_000)
    } finally {
      await stage.functionsUp()
    }
    if (hasNodes)
      await eventually(
        'the virtual node is Ready',
        async () => condition(await rome.get('node', 'liqo-milan'), 'Ready') === 'True',
        120_000,
      )
    await stage.host.invoke('sweep', {})
    await eventually(
      'two pods in both clusters',
      async () => {
        const all = await Promise.all(['rome', 'milan'].map(podsIn))
        return all.every((pods) => pods.length === 2 && pods.every(({ status }) => status.phase === 'Running'))
      },
      120_000,
    )
    const uids = before.map(({ metadata }) => metadata.uid)
    expect((await podsIn('rome')).filter(({ metadata }) => !uids.includes(metadata.uid))).toEqual([])
    await eventually('the ConfigMap', () => stage.clusters.milan!.kubectl.get('configmap', 'late', `${namespace}-rome`))
  }, 400_000)
}

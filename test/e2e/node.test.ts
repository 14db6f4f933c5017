import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import type { Found } from '../../infra/local/kubectl.ts'
import { type TestStage, testStage } from './stage.ts'

/**
 * Virtual nodes under a real node lifecycle controller: rome is the home, with a machine of its own; milan and turin are
 * what its two virtual nodes stand for. HOLD_MINUTES says how long Ready is watched; 2 unless told.
 */

const HOLD_MS = Number(process.env.HOLD_MINUTES ?? 2) * 60_000

let stage: TestStage
beforeAll(async () => {
  stage = await testStage({
    remotes: ['milan', 'turin'],
    nodes: { rome: 1, milan: 2, turin: 1 },
    speed: 1,
    env: {
      LOG_LEVEL: 'debug',
      NETWORKING_INTERNAL: 'false',
      CLUSTER_MILAN_SHARE: '50',
      CLUSTER_MILAN_LABELS: 'topology.kubernetes.io/region=eu',
      OFFLOADING_KUBELET: '127.0.0.1:443',
    },
  })
})
afterAll(() => stage?.stop())

interface Node extends Found {
  spec: { taints?: { key: string; effect: string }[] }
  status: {
    capacity: Record<string, string>
    conditions: { type: string; status: string; reason: string; lastTransitionTime: string }[]
  }
}

const nodeOf = async (name: string): Promise<Node | undefined> =>
  (await stage.clusters.rome!.kubectl.get('node', name)) as Node | undefined

async function readiness(name: string): Promise<string | undefined> {
  return (await nodeOf(name))?.status.conditions.find(({ type }) => type === 'Ready')?.status
}

const becomes = (name: string, want: string, ms = 120_000) =>
  eventually(`${name} Ready=${want}`, async () => (await readiness(name)) === want, ms)

async function renewals(name: string): Promise<number> {
  const lease = await stage.clusters.rome!.kubectl.get('lease', name, 'kube-node-lease')
  return Date.parse((lease?.spec as { renewTime?: string } | undefined)?.renewTime ?? '')
}

test('two nodes, of what their clusters have', async () => {
  await Promise.all([becomes('liqo-milan', 'True'), becomes('liqo-turin', 'True')])
  const node = (await nodeOf('liqo-milan'))!
  expect(node.metadata.labels).toMatchObject({
    'liqo.io/type': 'virtual-node',
    'liqo.io/remote-cluster-id': 'milan',
    'topology.kubernetes.io/region': 'eu',
  })
  const remotes = JSON.parse(await stage.clusters.milan!.kubectl(['get', 'nodes', '-o', 'json'])) as {
    items: { status: { allocatable: { cpu: string } } }[]
  }
  const cpus = remotes.items.reduce((sum, { status }) => sum + Number(status.allocatable.cpu), 0)
  expect(Number(node.status.capacity.cpu)).toBe(cpus / 2)
  expect(node.status).toMatchObject({
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: 443 } },
    nodeInfo: { operatingSystem: 'linux' },
  })
  const taints = () => nodeOf('liqo-milan').then((found) => found?.spec.taints?.map(({ key }) => key))
  await eventually(
    'the taint alone',
    async () => JSON.stringify(await taints()) === '["virtual-node.liqo.io/not-allowed"]',
  )
})

test('only pods that tolerate it run there', async () => {
  const { kubectl } = stage.clusters.rome!
  const pod = (name: string, spec: object) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: {
        nodeSelector: { 'liqo.io/remote-cluster-id': 'milan' },
        containers: [{ name: 'app', image: 'web:1' }],
        ...spec,
      },
    })
  await kubectl(['apply', '-f', '-'], pod('stays', {}))
  await kubectl(
    ['apply', '-f', '-'],
    pod('leaves', { tolerations: [{ key: 'virtual-node.liqo.io/not-allowed', operator: 'Exists' }] }),
  )
  const placed = async (name: string) =>
    ((await kubectl.get('pod', name, 'default'))?.spec as { nodeName?: string } | undefined)?.nodeName
  await eventually('bound to the virtual node', async () => (await placed('leaves')) === 'liqo-milan')
  expect(await placed('stays')).toBeUndefined()
})

test(`Ready holds for ${HOLD_MS / 60_000} minutes`, { timeout: HOLD_MS + 120_000 }, async () => {
  const before = (await nodeOf('liqo-milan'))!
  const since = before.status.conditions.map(({ type, lastTransitionTime }) => `${type} ${lastTransitionTime}`)
  const gaps: number[] = []
  let last = await renewals('liqo-milan')
  const end = Date.now() + HOLD_MS
  while (Date.now() < end) {
    await sleep(500)
    const now = await renewals('liqo-milan')
    if (now !== last) gaps.push(now - last)
    last = now
    expect(Date.now() - now).toBeLessThan(40_000)
  }
  const after = (await nodeOf('liqo-milan'))!
  expect(after.status.conditions.map(({ type, lastTransitionTime }) => `${type} ${lastTransitionTime}`)).toEqual(since)
  expect([await readiness('liqo-milan'), await readiness('liqo-turin')]).toEqual(['True', 'True'])
  const queues = Object.values(stage.host.stats().queues).find(({ sent }) => sent > 0)
  process.stdout.write(
    `Ready held ${HOLD_MS / 60_000} min: ${gaps.length} renewals, ${Math.min(...gaps)} to ${Math.max(...gaps)} ms apart; queue ${JSON.stringify(queues)}\n`,
  )
})

test('a cluster that is cut off: its node turns NotReady, no pod is made twice, all is well when it is back', {
  timeout: 400_000,
}, async () => {
  const { kubectl } = stage.clusters.rome!
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          nodeSelector: { 'liqo.io/type': 'virtual-node', 'liqo.io/remote-cluster-id': 'milan' },
          tolerations: [{ key: 'virtual-node.liqo.io/not-allowed', operator: 'Exists' }],
          containers: [{ name: 'app', image: 'web:1' }],
        },
      },
    },
  }
  await kubectl(['apply', '-f', '-'], JSON.stringify(deployment))
  const pods = async () => {
    const { items } = JSON.parse(await kubectl(['get', 'pods', '-l', 'app=web', '-o', 'json'])) as {
      items: { metadata: { uid: string; deletionTimestamp?: string }; spec: { nodeName?: string } }[]
    }
    return items
  }
  await eventually('three pods on the virtual node', async () => {
    const all = await pods()
    return all.length === 3 && all.every(({ spec }) => spec.nodeName === 'liqo-milan')
  })
  const uids = (await pods()).map(({ metadata }) => metadata.uid).sort()

  // Connections stay open and nothing answers: the worst way to be gone.
  const gone = Date.now()
  stage.clusters.milan!.cluster.pauseApiServer()
  try {
    await becomes('liqo-milan', 'Unknown', 150_000)
    const noticed = Date.now() - gone
    await eventually('its taint', async () =>
      (await nodeOf('liqo-milan'))?.spec.taints?.some(({ key }) => key === 'node.kubernetes.io/unreachable'),
    )
    await sleep(20_000)
    const left = await pods()
    expect(left.map(({ metadata }) => metadata.uid).sort()).toEqual(uids)
    expect(left.filter(({ metadata }) => metadata.deletionTimestamp)).toEqual([])
    expect(await readiness('liqo-turin')).toBe('True')
    process.stdout.write(`cut off: NotReady after ${Math.round(noticed / 1000)} s\n`)
  } finally {
    stage.clusters.milan!.cluster.resumeApiServer()
  }
  const back = Date.now()
  await becomes('liqo-milan', 'True')
  process.stdout.write(`back: Ready after ${Math.round((Date.now() - back) / 1000)} s\n`)
  await eventually('no taint of the controller’s', async () => {
    const taints = (await nodeOf('liqo-milan'))?.spec.taints ?? []
    return taints.length === 1 && taints[0]!.key === 'virtual-node.liqo.io/not-allowed'
  })
  expect((await pods()).map(({ metadata }) => metadata.uid).sort()).toEqual(uids)
})

import { beforeEach, describe, expect, test } from 'vitest'
import { ConflictError, UnreachableError } from '../../lib/cluster/errors.ts'
import type { Cluster, KubeObject } from '../../lib/cluster/port.ts'
import { EVENT, LEASE, NAMESPACE, NODE, POD, SYSTEM_NAMESPACE, TUNNEL_ENDPOINT } from '../../lib/cluster/resources.ts'
import { type HeartOptions, heartbeat } from '../../lib/flows/node/heart.ts'
import { logger } from '../../lib/log.ts'
import type { Peering } from '../../lib/reflect/peering.ts'
import { type MemoryCluster, memoryCluster } from '../support/memory-cluster.ts'
import { networks, planned } from '../support/networks.ts'
import { type TwoClusters, twoClusters } from '../support/two-clusters.ts'

const NAME = { name: 'liqo-milan' }
const LEASE_REF = { namespace: 'kube-node-lease', name: 'liqo-milan' }
const SCHEDULE = { source: 'aws.scheduler', detail: '{}' }
const MESSAGE = { Records: [{ eventSource: 'aws:sqs', body: 'beat' }] }

let world: TwoClusters
let clock: number
let putOff: number[][]
let lines: { level: string; verdict?: string; why?: string; key?: string }[]
beforeEach(() => {
  world = twoClusters({ networks: networks({ internal: false }) })
  clock = Date.parse('2026-01-01T00:00:00Z')
  putOff = []
  lines = []
  for (const cluster of [world.rome, world.milan]) {
    if (!cluster.peek(NAMESPACE, { name: 'kube-node-lease' }))
      cluster.user.create(NAMESPACE, { metadata: { name: 'kube-node-lease' } })
  }
  machine(world.milan, 'milan-1')
})

function machine(cluster: MemoryCluster, name: string): void {
  cluster.user.create(NODE, { metadata: { name } })
  cluster.user.edit(NODE, { name }, (node) => {
    node.status = {
      allocatable: { cpu: '10', memory: '20G', pods: '100' },
      conditions: [{ type: 'Ready', status: 'True' }],
      nodeInfo: { kubeletVersion: 'v1.36.3' },
    }
  })
}

interface Beating extends Partial<HeartOptions> {
  home?: Cluster
  remote?: Cluster
  peerings?: Peering[]
}

function beat(event: unknown, { home, remote, peerings, ...change }: Beating = {}): Promise<void> {
  const peering = { ...world.peering, ...(home && { home }), ...(remote && { remote }) }
  return heartbeat(event, peerings ?? [peering], {
    offers: { milan: { mode: 'virtual-node', share: 50 }, turin: { mode: 'virtual-node', share: 100 } },
    later: async (seconds) => void putOff.push([...seconds]),
    log: logger('debug', (line) => void (line.includes('"kind":"node"') && lines.push(JSON.parse(line)))),
    now: () => clock,
    ...change,
  })
}

const node = () =>
  world.rome.peek(NODE, NAME) as KubeObject & { status: Record<string, unknown>; spec: { taints: object[] } }
const renewed = (name = 'liqo-milan') =>
  (world.rome.peek(LEASE, { ...LEASE_REF, name })?.spec as { renewTime: string } | undefined)?.renewTime
const condition = (type: string) =>
  (node().status.conditions as { type: string; status: string }[]).find((one) => one.type === type)?.status
const writes = () => world.rome.changes.length

describe('a heartbeat', () => {
  test('makes the node, and puts two more off', async () => {
    await beat(SCHEDULE)
    expect(node().status).toMatchObject({
      capacity: { cpu: '5', memory: '10G', pods: '50' },
      allocatable: { cpu: '5' },
    })
    expect(condition('Ready')).toBe('True')
    expect(renewed()).toBe('2026-01-01T00:00:00.000000Z')
    expect(world.rome.peek(LEASE, LEASE_REF)).toMatchObject({
      metadata: { ownerReferences: [{ kind: 'Node', name: 'liqo-milan', uid: node().metadata.uid }] },
      spec: { holderIdentity: 'liqo-milan', leaseDurationSeconds: 40 },
    })
    expect(putOff).toEqual([[20, 40]])
  })

  test('that was put off renews the lease and nothing else', async () => {
    await beat(SCHEDULE)
    const before = writes()
    clock += 20_000
    await beat(MESSAGE)
    expect(renewed()).toBe('2026-01-01T00:00:20.000000Z')
    expect(writes()).toBe(before + 1)
    expect(putOff).toHaveLength(1)
  })

  test('with nothing changed writes the lease alone, and the status after five minutes', async () => {
    await beat(SCHEDULE)
    const before = writes()
    clock += 60_000
    await beat(SCHEDULE)
    expect(writes()).toBe(before + 1)
    clock += 300_000
    await beat(SCHEDULE)
    expect(writes()).toBe(before + 3)
  })

  test('follows what the remote cluster has: its pods take from it, the own ones do not', async () => {
    world.milan.user.create(NAMESPACE, { metadata: { name: 'apps' } })
    const pod = (name: string, labels: Record<string, string>) =>
      world.milan.user.create(POD, {
        metadata: { name, namespace: 'apps', labels },
        spec: { nodeName: 'milan-1', containers: [{ resources: { requests: { cpu: '2' } } }] },
        status: { phase: 'Running' },
      })
    pod('theirs', {})
    pod('ours', { 'offloading.liqo.io/origin': 'rome' })
    await beat(SCHEDULE)
    expect(node().status.capacity).toMatchObject({ cpu: '4' })
    machine(world.milan, 'milan-2')
    await beat(SCHEDULE)
    expect(node().status.capacity).toMatchObject({ cpu: '9' })
    for (const name of ['milan-1', 'milan-2']) world.milan.user.remove(NODE, { name })
    await beat(SCHEDULE)
    expect(condition('Ready')).toBe('False')
    expect(Object.values(node().status.capacity as object)).toEqual([])
  })

  test('mends labels and the taint, and leaves what others have put there', async () => {
    await beat(SCHEDULE)
    world.rome.user.edit(NODE, NAME, (object) => {
      delete object.metadata.labels?.['liqo.io/type']
      object.metadata.labels = { ...object.metadata.labels, team: 'shop' }
      object.spec = { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }], unschedulable: true }
    })
    await beat(SCHEDULE)
    expect(node().metadata.labels).toMatchObject({ 'liqo.io/type': 'virtual-node', team: 'shop' })
    expect(node().spec).toMatchObject({
      unschedulable: true,
      taints: [{ key: 'virtual-node.liqo.io/not-allowed' }, { key: 'node.kubernetes.io/unreachable' }],
    })
  })

  test('takes a label back that the configuration has dropped', async () => {
    await beat(SCHEDULE, { peerings: [{ ...world.peering, remoteLabels: { region: 'eu' } }] })
    expect(node().metadata.labels).toMatchObject({ region: 'eu' })
    await beat(SCHEDULE)
    expect(node().metadata.labels).not.toHaveProperty('region')
  })

  test.each([undefined, 'status'])('comes through although others write the node meanwhile (%s)', async (part) => {
    let conflicts = 3
    const busy = world.rome.connect(({ verb, resource, subresource }) =>
      verb === 'apply' && resource === NODE && subresource === part && conflicts-- > 0
        ? { error: new ConflictError('rome', 'the object has been modified') }
        : undefined,
    )
    await beat(SCHEDULE, { home: busy })
    expect(condition('Ready')).toBe('True')
    expect(renewed()).toBe('2026-01-01T00:00:00.000000Z')
  })
})

describe('a remote cluster that does not answer', () => {
  const down = () => world.milan.connect(() => ({ error: new UnreachableError('milan', 'connection refused') }))

  test.each([SCHEDULE, MESSAGE])('has its lease run out', async (event) => {
    await beat(SCHEDULE)
    const before = writes()
    clock += 20_000
    await beat(event, { remote: down() })
    expect(renewed()).toBe('2026-01-01T00:00:00.000000Z')
    expect(writes()).toBe(before)
    expect(lines.at(-1)).toMatchObject({ level: 'warn', verdict: 'failed', key: 'rome/liqo-milan' })
  })

  test('is ready again with the first heartbeat after it is back, though the node was given up', async () => {
    await beat(SCHEDULE)
    clock += 60_000
    await beat(SCHEDULE, { remote: down() })
    world.rome.user.edit(NODE, NAME, ({ status }) => {
      for (const one of (status as { conditions: { status: string }[] }).conditions) one.status = 'Unknown'
    })
    clock += 20_000
    await beat(MESSAGE)
    expect([condition('Ready'), condition('MemoryPressure')]).toEqual(['True', 'False'])
    expect(renewed()).toBe('2026-01-01T00:01:20.000000Z')
  })

  test('takes nothing from the others, and still has the next heartbeats put off', async () => {
    const turin = memoryCluster({ id: 'turin' })
    machine(turin, 'turin-1')
    const peerings = [
      { ...world.peering, remote: down() },
      { ...world.peering, remote: turin },
    ]
    await beat(SCHEDULE, { peerings })
    expect(world.rome.peek(NODE, NAME)).toBeUndefined()
    expect(world.rome.peek(NODE, { name: 'liqo-turin' })?.status).toMatchObject({ capacity: { cpu: '10' } })
    expect(renewed('liqo-turin')).toBeDefined()
    expect(putOff).toEqual([[20, 40]])
  })

  test('whose lists fail keeps the lease, as long as it answers', async () => {
    await beat(SCHEDULE)
    clock += 60_000
    const broken = world.milan.connect(({ verb }) =>
      verb === 'list' ? { error: new UnreachableError('milan', 'reset') } : undefined,
    )
    await beat(SCHEDULE, { remote: broken })
    expect(renewed()).toBe('2026-01-01T00:01:00.000000Z')
  })

  test('or is another one by now, has its lease run out', async () => {
    await beat(SCHEDULE)
    clock += 20_000
    const other = memoryCluster({ id: 'milan' })
    const impostor = Object.assign(Object.create(other) as MemoryCluster, {
      get: async (...args: Parameters<MemoryCluster['get']>) => {
        const found = await other.get(...args)
        return found && { ...found, metadata: { ...found.metadata, uid: 'another' } }
      },
    })
    await beat(MESSAGE, { remote: impostor })
    expect(renewed()).toBe('2026-01-01T00:00:00.000000Z')
    expect(lines.at(-1)?.why).toContain('kube-system uid')
  })
})

describe('the network', () => {
  const joined = () => ({ peerings: [{ ...world.peering, networks: networks({ internal: true }) }] })

  const endpoint = { namespace: SYSTEM_NAMESPACE, name: 'milan' }
  const tell = (connection: object) =>
    world.rome.user.edit(TUNNEL_ENDPOINT, endpoint, (object) => Object.assign(object, { status: { connection } }))
  const message = () =>
    (node().status.conditions as { type: string; message: string }[]).find(({ type }) => type === 'NetworkUnavailable')
      ?.message
  const changed = (names: string[], cluster = 'rome') => ({
    source: 'heliograph',
    'detail-type': 'Change',
    detail: { cluster, kind: 'node', namespace: SYSTEM_NAMESPACE, names },
  })

  beforeEach(() => {
    world.rome.user.create(NAMESPACE, { metadata: { name: SYSTEM_NAMESPACE } })
  })

  test('of ours must be up before the node is ready', async () => {
    await beat(SCHEDULE, joined())
    expect([condition('Ready'), condition('NetworkUnavailable')]).toEqual(['False', 'True'])
    world.rome.user.create(TUNNEL_ENDPOINT, { metadata: endpoint })
    tell({ status: 'Error', statusMessage: 'no answer' })
    await beat(SCHEDULE, joined())
    expect([condition('Ready'), message()]).toEqual(['False', 'The tunnel to cluster milan is Error: no answer'])
    tell({ status: 'Connected' })
    await beat(SCHEDULE, joined())
    expect([condition('Ready'), condition('NetworkUnavailable')]).toEqual(['True', 'False'])
  })

  test('that comes or goes shows with the event of it, and its other news cost nothing', async () => {
    await beat(SCHEDULE, joined())
    world.rome.user.create(TUNNEL_ENDPOINT, { metadata: endpoint })
    tell({ status: 'Connected' })
    await beat(changed(['turin']), joined())
    await beat(changed(['milan'], 'milan'), joined())
    expect(condition('NetworkUnavailable')).toBe('True')
    await beat(changed(['milan']), joined())
    expect([condition('Ready'), condition('NetworkUnavailable'), putOff]).toEqual(['True', 'False', [[20, 40]]])
    const before = writes()
    tell({ status: 'Connected', latency: { value: '2ms' } })
    await beat(changed(['milan']), joined())
    expect(writes()).toBe(before + 1)
    world.rome.user.delete(TUNNEL_ENDPOINT, endpoint)
    await beat(changed([]), joined())
    expect([condition('Ready'), condition('NetworkUnavailable')]).toEqual(['False', 'True'])
  })

  test('that the gateway told of minutes ago, and not since, is not up', async () => {
    world.rome.user.create(TUNNEL_ENDPOINT, { metadata: endpoint })
    const measured = (ago: number) => ({ value: '2ms', timestamp: new Date(Date.now() - ago * 1000).toISOString() })
    tell({ status: 'Connected', latency: measured(170) })
    await beat(SCHEDULE, joined())
    expect(condition('NetworkUnavailable')).toBe('False')
    tell({ status: 'Connected', latency: measured(190) })
    await beat(SCHEDULE, joined())
    expect(condition('NetworkUnavailable')).toBe('True')
    expect(message()).toMatch(/^The gateway has not told since .* is up: see kubectl get pods -n heliograph/)
  })

  test('that an admission webhook tells of shows when it is stored', async () => {
    await beat(SCHEDULE, joined())
    world.rome.user.create(TUNNEL_ENDPOINT, { metadata: endpoint })
    const { resourceVersion = '' } = world.rome.peek(TUNNEL_ENDPOINT, endpoint)!.metadata
    const told = changed(['milan'])
    const admitted = { operation: 'UPDATE', resourceVersion }
    let looks = 0
    const home = world.rome.connect(({ verb, resource }) => {
      // Later than whoever does not wait would look.
      if (verb === 'get' && resource === TUNNEL_ENDPOINT && ++looks === 4) tell({ status: 'Connected' })
      return undefined
    })
    const [peering] = joined().peerings
    await beat({ ...told, detail: { ...told.detail, admitted } }, { peerings: [{ ...peering!, home }] })
    expect(condition('NetworkUnavailable')).toBe('False')
  })

  test('that only home wants is never there, and the node says why', async () => {
    const differing = networks({}, { remote: planned('milan', { internal: false }) })
    await beat(SCHEDULE, { peerings: [{ ...world.peering, networks: differing }] })
    expect(condition('NetworkUnavailable')).toBe('True')
    expect(message()).toMatch(/^internal is true in rome and false in milan: .*Set both alike\.$/)
  })

  test('is of no concern where it is not ours, also when it was before', async () => {
    await beat(SCHEDULE, joined())
    await beat(SCHEDULE)
    expect([condition('Ready'), condition('NetworkUnavailable')]).toEqual(['True', undefined])
  })
})

test('a node of that name that is not ours is left alone, and told', async () => {
  world.rome.user.create(NODE, { metadata: { name: 'liqo-milan', labels: { owner: 'somebody' } } })
  const before = node()
  await beat(SCHEDULE)
  await beat(MESSAGE)
  expect(node()).toEqual(before)
  expect(renewed()).toBeUndefined()
  const told = world.rome.all(EVENT).map(({ type, involvedObject }) => ({ type, involvedObject }))
  expect(told).toMatchObject([{ type: 'Warning', involvedObject: { kind: 'Node', name: 'liqo-milan' } }])
  expect(lines.map(({ level, verdict }) => [level, verdict])).toEqual([
    ['warn', 'blocked'],
    ['warn', 'blocked'],
  ])
})

test('in gate mode nothing happens at all', async () => {
  const calls: string[] = []
  const before = writes()
  const watched = world.milan.connect(({ verb }) => void calls.push(verb))
  await beat(SCHEDULE, { remote: watched, offers: { milan: { mode: 'gate', share: 50 } } })
  expect([calls, putOff, writes()]).toEqual([[], [], before])
  expect(world.rome.peek(NODE, NAME)).toBeUndefined()
})

test('a queue that refuses is told, after the heartbeat itself', async () => {
  const later = async () => {
    throw new Error('no queue')
  }
  await expect(beat(SCHEDULE, { later })).rejects.toThrow('no queue')
})

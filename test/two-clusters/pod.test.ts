import { isDeepStrictEqual } from 'node:util'
import { beforeEach, describe, expect, test } from 'vitest'
import { InvalidError, UndeclaredError, UnreachableError } from '../../lib/cluster/errors.ts'
import { EVENT, NAMESPACE, NAMESPACE_OFFLOADING, POD, SHADOW_POD } from '../../lib/cluster/resources.ts'
import { fill } from '../../lib/flows/namespace/fill.ts'
import { offloadNamespace } from '../../lib/flows/namespace/flow.ts'
import { dispatchPod } from '../../lib/flows/refused/dispatch.ts'
import { sweep } from '../../lib/flows/sweep/flow.ts'
import { withoutFields } from '../../lib/reflect/shed.ts'
import { networks, planned } from '../support/networks.ts'
import {
  addVirtualNode,
  collectGarbage,
  HOME,
  homePod,
  kubelet,
  podsOf,
  REMOTE,
  settlePods,
  wakePod,
  wakeShadowPod,
} from '../support/pods.ts'
import { offload, offloading, type TwoClusters, twoClusters } from '../support/two-clusters.ts'

const running = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
  containerStatuses: [{ name: 'a', ready: true, restartCount: 0, state: { running: {} } }],
  podIP: '10.60.0.7',
  podIPs: [{ ip: '10.60.0.7' }],
}

let world: TwoClusters

async function worldWith(change: Parameters<typeof twoClusters>[0] = {}) {
  const remote = planned('milan', { internal: false }, { podCIDRs: ['10.60.0.0/16'] })
  world = twoClusters({ networks: networks({ internal: false }, { remote }), ...change })
  addVirtualNode(world)
  await offload(world)
}

beforeEach(() => worldWith())

/** A pod that runs in milan. */
async function offloaded(spec: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}): Promise<void> {
  world.rome.user.create(POD, homePod(spec, metadata))
  await settlePods(world)
  kubelet(world, running)
  await settlePods(world)
}

function warnings(side: 'rome' | 'milan' = 'rome') {
  return world[side]
    .all(EVENT)
    .filter(({ type }) => type === 'Warning')
    .map(({ message }) => message)
}

describe('a pod bound to the virtual node', () => {
  test('is run in the remote cluster, and shows at home what becomes of it', async () => {
    await offloaded()
    const { home, shadow, remote } = podsOf(world)
    expect(shadow).toMatchObject({
      metadata: { labels: { app: 'web', 'offloading.liqo.io/nodename': 'liqo-milan' } },
      spec: { pod: { containers: [{ name: 'a', image: 'a:1' }], automountServiceAccountToken: false } },
      status: { phase: 'Running', podUID: remote?.metadata.uid, restarts: 0 },
    })
    expect(remote).toMatchObject({
      metadata: { labels: { 'liqo.io/managed-by': 'shadowpod' }, ownerReferences: [{ uid: shadow?.metadata.uid }] },
    })
    expect(home).toMatchObject({
      metadata: { labels: { 'liqo.io/shadowPod': 'true' } },
      status: { ...running, hostIP: '10.0.0.9', hostIPs: [{ ip: '10.0.0.9' }] },
    })
    expect(warnings()).toEqual([])
  })

  test('again with nothing changed: no write', async () => {
    await offloaded()
    const before = [world.rome.changes.length, world.milan.changes.length]
    await settlePods(world)
    expect([world.rome.changes.length, world.milan.changes.length]).toEqual(before)
  })

  test('bound to a node of home stays there', async () => {
    world.rome.user.create(POD, homePod({ nodeName: 'worker-1' }))
    await settlePods(world)
    expect(podsOf(world)).toMatchObject({
      shadow: undefined,
      remote: undefined,
      home: { metadata: { labels: { app: 'web' } } },
    })
  })

  test('shows no address where addresses are not reflected, and loses the one it had', async () => {
    await offloaded()
    world.peering = { ...world.peering, networks: networks({ internal: false, reflectIPs: false }) }
    await settlePods(world)
    expect(podsOf(world).home?.status).not.toHaveProperty('podIP')
    expect(podsOf(world).home?.status).not.toHaveProperty('podIPs')
  })

  test('with an address that may not come over: told', async () => {
    await offloaded()
    kubelet(world, { podIP: '10.61.0.7', podIPs: [{ ip: '10.61.0.7' }] })
    await settlePods(world)
    expect(podsOf(world).home?.status).not.toHaveProperty('podIP')
    expect(warnings()).toEqual([expect.stringContaining('10.61.0.7 is outside the CIDRs of milan')])
  })
})

test('a pod gated for the cluster runs there without any node', async () => {
  const gated = homePod({ nodeName: undefined, schedulingGates: [{ name: 'offloading.heliograph.io/milan' }] })
  world.rome.user.create(POD, gated)
  await settlePods(world)
  kubelet(world, running)
  await settlePods(world)
  expect(podsOf(world).home?.status).toMatchObject({ phase: 'Running', podIP: '10.60.0.7' })
  expect(podsOf(world).home?.status).not.toHaveProperty('hostIP')
  expect(podsOf(world).shadow?.spec).not.toHaveProperty('pod.schedulingGates')
})

describe('a deletion', () => {
  test('goes to the remote pod first, and ends at home when that is gone', async () => {
    await offloaded()
    world.rome.user.delete(POD, HOME)
    await settlePods(world)
    expect(podsOf(world)).toMatchObject({
      home: { metadata: { deletionTimestamp: expect.any(String) } },
      shadow: undefined,
      remote: { metadata: { deletionTimestamp: expect.any(String) } },
    })
    kubelet(world, { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] })
    await settlePods(world)
    expect(podsOf(world).home?.status).toMatchObject({ conditions: [{ type: 'Ready', status: 'False' }] })
    world.milan.user.remove(POD, REMOTE, 'kubelet')
    await settlePods(world)
    expect(podsOf(world)).toEqual({ home: undefined, shadow: undefined, remote: undefined })
  })

  test('of a pod that never got there ends at once', async () => {
    world.rome.user.create(POD, homePod())
    await wakePod(world)
    world.rome.user.delete(POD, HOME)
    await wakePod(world)
    expect(podsOf(world)).toMatchObject({ home: undefined, shadow: undefined })
  })

  test('by force takes the remote pod along', async () => {
    await offloaded()
    world.rome.user.remove(POD, HOME)
    await settlePods(world)
    world.milan.user.remove(POD, REMOTE, 'kubelet')
    await settlePods(world)
    expect(podsOf(world)).toEqual({ home: undefined, shadow: undefined, remote: undefined })
  })

  test('with the same name taken again is not mistaken for the old one', async () => {
    await offloaded()
    const first = podsOf(world)
    world.rome.user.remove(POD, HOME)
    world.rome.user.create(POD, homePod({ containers: [{ name: 'a', image: 'a:2' }] }))
    await settlePods(world)
    expect(podsOf(world).shadow?.metadata.uid).not.toBe(first.shadow?.metadata.uid)
    expect(podsOf(world).remote?.metadata).toMatchObject({
      uid: first.remote?.metadata.uid,
      deletionTimestamp: expect.any(String),
    })
    world.milan.user.remove(POD, REMOTE, 'kubelet')
    await settlePods(world)
    expect(podsOf(world).remote?.metadata.uid).not.toBe(first.remote?.metadata.uid)
    expect(podsOf(world).remote).toMatchObject({ spec: { containers: [{ image: 'a:2' }] } })
    expect(podsOf(world).home?.status).toMatchObject({ phase: 'Pending' })
  })
})

test('the end of an earlier pod of the same name is not taken for its own', async () => {
  await offloaded({ restartPolicy: 'Never' })
  kubelet(world, { phase: 'Succeeded' })
  world.rome.user.remove(POD, HOME)
  world.rome.user.create(POD, homePod({ restartPolicy: 'Never' }))
  await settlePods(world)
  kubelet(world, running)
  await settlePods(world)
  expect(podsOf(world)).toMatchObject({
    home: { status: { phase: 'Running' } },
    shadow: { status: { phase: 'Running' } },
  })
})

test('a change of the peer’s flags or of its pods’ settings does not disturb pods that run', async () => {
  await offloaded()
  const { remote } = podsOf(world)
  world.peering = { ...world.peering, pods: { patch: { nodeSelector: { pool: 'gold' } } } }
  await settlePods(world)
  expect(podsOf(world).remote?.metadata.uid).toBe(remote?.metadata.uid)
  expect(podsOf(world).remote?.spec).not.toHaveProperty('nodeSelector')
})

describe('a remote pod that is lost', () => {
  test('is made again while home cannot be reached, and counts as a restart', async () => {
    await offloaded()
    kubelet(world, { containerStatuses: [{ name: 'a', restartCount: 2 }] })
    await settlePods(world)
    const outage = world.rome.connect(() => ({ error: new UnreachableError('rome', 'connection refused') }))
    const reachable = world.peering
    world.peering = { ...reachable, home: outage }
    const { remote: first } = podsOf(world)
    world.milan.user.remove(POD, REMOTE)
    await wakeShadowPod(world)
    const { remote: second } = podsOf(world)
    expect(second?.metadata.uid).toBeDefined()
    expect(second?.metadata.uid).not.toBe(first?.metadata.uid)
    kubelet(world, { ...running, containerStatuses: [{ name: 'a', restartCount: 1 }] })
    await wakeShadowPod(world)
    world.peering = reachable
    await settlePods(world)
    expect(podsOf(world).shadow?.status).toMatchObject({ restarts: 3 })
    expect(podsOf(world).home?.status).toMatchObject({ containerStatuses: [{ name: 'a', restartCount: 4 }] })
  })

  test('taken down by a kubelet is no end', async () => {
    await offloaded()
    world.milan.user.delete(POD, REMOTE)
    kubelet(world, { phase: 'Failed' })
    await settlePods(world)
    expect(podsOf(world)).toMatchObject({
      home: { status: { phase: 'Running' } },
      shadow: { status: { phase: 'Running' } },
    })
    world.milan.user.remove(POD, REMOTE, 'kubelet')
    await settlePods(world)
    expect(podsOf(world).remote).toBeDefined()
  })

  test('evicted by its kubelet has failed', async () => {
    await offloaded()
    kubelet(world, { phase: 'Failed', reason: 'Evicted' })
    await settlePods(world)
    expect(podsOf(world).home?.status).toMatchObject({ phase: 'Failed', reason: 'Evicted' })
  })
})

describe('a pod that has ended never runs again', () => {
  const job = { restartPolicy: 'Never' }
  const losses = {
    'the remote pod': () => world.milan.user.remove(POD, REMOTE),
    'the ShadowPod': () => world.milan.user.remove(SHADOW_POD, REMOTE),
    'both, unseen': () => {
      world.milan.user.remove(SHADOW_POD, REMOTE)
      world.milan.user.remove(POD, REMOTE)
    },
  }
  test.each(Object.entries(losses))('without %s', async (_, lose) => {
    await offloaded(job)
    kubelet(world, { phase: 'Succeeded', containerStatuses: [{ name: 'a', state: { terminated: { exitCode: 0 } } }] })
    await settlePods(world)
    expect(podsOf(world)).toMatchObject({
      home: { status: { phase: 'Succeeded' } },
      shadow: { status: { phase: 'Succeeded' } },
    })
    lose()
    const count = world.milan.changes.length
    await settlePods(world)
    const made = world.milan.changes.slice(count).filter(({ verb }) => verb === 'create')
    expect(made).toEqual([])
    expect(podsOf(world).home?.status).toMatchObject({ phase: 'Succeeded' })
  })

  test('known to the ShadowPod alone: home shows it', async () => {
    await offloaded(job)
    kubelet(world, { phase: 'Succeeded' })
    await wakeShadowPod(world)
    world.milan.user.remove(POD, REMOTE)
    await settlePods(world)
    expect(podsOf(world).remote).toBeUndefined()
    expect(podsOf(world).home?.status).toMatchObject({ phase: 'Succeeded', reason: 'RemotePodTerminated' })
  })

  test('or may have, unseen: it has failed', async () => {
    await offloaded(job)
    world.milan.user.remove(POD, REMOTE)
    await settlePods(world)
    expect(podsOf(world)).toMatchObject({
      remote: undefined,
      shadow: { status: { phase: 'Failed', reason: 'RemotePodLost' } },
      home: { status: { phase: 'Failed', reason: 'RemotePodTerminated' } },
    })
  })
})

describe('a pod with an end that was seen, and whose ShadowPod is lost', () => {
  const never = { restartPolicy: 'Never' }
  const gate = { nodeName: undefined, schedulingGates: [{ name: 'offloading.heliograph.io/milan' }] }
  const made = (since: number) => world.milan.changes.slice(since).filter(({ verb }) => verb === 'create')
  const lose = () => world.milan.user.remove(SHADOW_POD, REMOTE)
  const failed = { phase: 'Failed', reason: 'RemotePodTerminated' }

  test.each([
    ['that may not run again', never],
    ['that runs until it succeeds', { restartPolicy: 'OnFailure' }],
    ['that is gated', { ...never, ...gate }],
  ])('%s: how it ended nobody can tell, and it is not made again', async (_, spec) => {
    await offloaded(spec)
    const since = world.milan.changes.length
    lose()
    world.milan.user.remove(POD, REMOTE)
    await settlePods(world)
    expect(made(since)).toEqual([])
    expect(podsOf(world).home?.status).toMatchObject(failed)
  })

  test('or its whole namespace, which is made anew', async () => {
    await offloaded(never)
    world.milan.user.delete(NAMESPACE, { name: 'shop-rome' })
    world.milan.finalize('shop-rome')
    await offloadNamespace([world.peering], 'shop', fill)
    await settlePods(world)
    expect(podsOf(world)).toMatchObject({ home: { status: failed }, shadow: undefined, remote: undefined })
  })

  test('shows how it ends, if that is still to be seen', async () => {
    await offloaded(never)
    const since = world.milan.changes.length
    lose()
    await settlePods(world)
    expect(podsOf(world).remote?.metadata.deletionTimestamp).toBeDefined()
    expect(podsOf(world).home?.status).toMatchObject({ phase: 'Running' })
    kubelet(world, { phase: 'Succeeded' })
    await settlePods(world)
    world.milan.user.remove(POD, REMOTE, 'kubelet')
    await settlePods(world)
    expect(podsOf(world).home?.status).toMatchObject({ phase: 'Succeeded' })
    expect(made(since)).toEqual([])
  })

  test.each([
    ['that is to run for ever', {}, running],
    ['of which home has seen nothing yet', never, { phase: 'Pending' }],
  ])('%s is made again', async (_, spec, status) => {
    world.rome.user.create(POD, homePod(spec))
    await settlePods(world)
    kubelet(world, status)
    await settlePods(world)
    lose()
    world.milan.user.remove(POD, REMOTE)
    await settlePods(world)
    expect(podsOf(world)).toMatchObject({ remote: { kind: 'Pod' }, home: { status: { phase: 'Pending' } } })
  })

  test('is not taken for lost by who has looked before it was made', async () => {
    world.rome.user.create(POD, homePod(never))
    const { peering } = world
    let looks = 0
    const home = world.rome.connect(async ({ verb, resource }) => {
      // All of its life that home is told of passes between the look for the ShadowPod and that for the home pod.
      if (verb === 'get' && resource === POD && looks++ === 0) {
        await settlePods(world)
        kubelet(world, running)
        await settlePods(world)
      }
      return undefined
    })
    world.peering = peering
    await dispatchPod([{ ...peering, home }], { cluster: 'rome', kind: 'pod', namespace: 'shop', names: ['web'] })
    expect(looks).toBeGreaterThan(0)
    expect(podsOf(world)).toMatchObject({ home: { status: { phase: 'Running' } }, shadow: { kind: 'ShadowPod' } })
  })

  test('is not taken for lost while milan does not answer', async () => {
    await offloaded(never)
    lose()
    world.milan.user.remove(POD, REMOTE)
    world.milan.intercept = async () => ({ error: new UnreachableError('milan', 'gone') })
    await expect(wakePod(world)).rejects.toThrow('gone')
    expect(podsOf(world).home?.status).toMatchObject({ phase: 'Running' })
  })
})

describe('edits at home', () => {
  test('of the image and the deadline reach the running pod', async () => {
    await offloaded()
    world.rome.user.edit(POD, HOME, (pod) => {
      pod.spec = { ...(pod.spec as object), containers: [{ name: 'a', image: 'a:2' }], activeDeadlineSeconds: 60 }
    })
    const { remote: before } = podsOf(world)
    await settlePods(world)
    expect(podsOf(world).remote).toMatchObject({
      metadata: { uid: before?.metadata.uid },
      spec: { containers: [{ name: 'a', image: 'a:2' }], activeDeadlineSeconds: 60, nodeName: 'w1' },
    })
  })
})

describe('an image that the remote cluster leads elsewhere', () => {
  /** Admission of milan, on creations. */
  const rewrite = () => {
    world.milan.user.edit(POD, REMOTE, (pod) => {
      pod.spec = { ...(pod.spec as object), containers: [{ name: 'a', image: 'near.example/a:1' }] }
    })
  }
  const image = () => (podsOf(world).remote!.spec as { containers: { image: string }[] }).containers[0]!.image

  test('is left as it is, until home has another', async () => {
    world.rome.user.create(POD, homePod())
    await settlePods(world)
    rewrite()
    kubelet(world, running)
    await settlePods(world)
    world.rome.user.edit(POD, HOME, ({ metadata }) => {
      metadata.labels = { ...metadata.labels, tier: 'gold' }
    })
    await settlePods(world)
    expect(podsOf(world).remote?.metadata.labels).toMatchObject({ tier: 'gold' })
    expect(image()).toBe('near.example/a:1')
    world.rome.user.edit(POD, HOME, (pod) => {
      pod.spec = { ...(pod.spec as object), containers: [{ name: 'a', image: 'a:2' }] }
    })
    await settlePods(world)
    expect(image()).toBe('a:2')
  })
})

describe('a pod that the remote cluster refuses', () => {
  const refusal = new InvalidError('milan', 'pods "web" is invalid: privileged containers are not allowed')
  test('shows it at home, by a warning and a condition, until it is taken', async () => {
    const { peering } = world
    const remote = world.milan.connect(({ verb, resource }) =>
      verb === 'apply' && resource === POD ? { error: refusal } : undefined,
    )
    world.peering = { ...peering, remote }
    world.rome.user.create(POD, homePod())
    await settlePods(world)
    expect(podsOf(world).shadow?.status).toMatchObject({ phase: 'Pending', reason: 'Refused' })
    expect(podsOf(world).home?.status).toMatchObject({
      phase: 'Pending',
      conditions: [
        { type: 'offloading.heliograph.io/Refused', status: 'True', message: expect.stringContaining('privileged') },
      ],
    })
    expect(warnings()).toEqual([expect.stringContaining('privileged containers are not allowed')])
    world.peering = peering
    await settlePods(world)
    kubelet(world, running)
    await settlePods(world)
    expect(podsOf(world).home?.status).toMatchObject({ conditions: running.conditions })
  })

  test('as a ShadowPod already', async () => {
    const remote = world.milan.connect(({ verb, resource }) =>
      verb === 'apply' && resource === SHADOW_POD ? { error: refusal } : undefined,
    )
    world.peering = { ...world.peering, remote }
    world.rome.user.create(POD, homePod())
    await settlePods(world)
    expect(warnings()).toHaveLength(1)
    expect(podsOf(world).home?.status).toMatchObject({ conditions: [{ type: 'offloading.heliograph.io/Refused' }] })
  })
})

describe('a home whose API server knows fewer fields of a status', () => {
  const later = {
    containerStatuses: [{ ...running.containerStatuses[0], later: 1, latest: { a: 1 } }],
    conditions: [{ ...running.conditions[0], later: 1 }],
  }
  const paths = [
    '.status.containerStatuses[].later',
    '.status.containerStatuses[].latest',
    '.status.conditions[].later',
  ]
  /** Names one at a time, as an API server does of the fields of one map; `always`, whatever is there. */
  function older(always?: string) {
    const { rome } = world
    const apply: typeof rome.apply = async (resource, object, subresource) => {
      const has = (path: string) => !isDeepStrictEqual(withoutFields(object, new Set([path])), object)
      const field = (resource === POD && subresource === 'status' && always) || paths.find(has)
      if (field) throw new UndeclaredError('rome', `${field}: field not declared in schema`, [field])
      return rome.apply(resource, object, subresource)
    }
    world.peering = { ...world.peering, home: { ...rome, apply } }
  }
  const dropped = () => world.lines.filter(({ msg }) => String(msg).startsWith('status without fields'))

  test('is given all the others, and told of those once', async () => {
    older()
    await offloaded()
    kubelet(world, later)
    await settlePods(world)
    const { conditions, containerStatuses } = running
    expect(podsOf(world).home?.status).toMatchObject({ phase: 'Running', conditions })
    expect(podsOf(world).home?.status).toHaveProperty('containerStatuses', containerStatuses)
    kubelet(world, { ...later, podIP: '10.60.0.8', podIPs: [{ ip: '10.60.0.8' }] })
    await settlePods(world)
    expect(podsOf(world).home?.status).toMatchObject({ podIP: '10.60.0.8' })
    expect(dropped().flatMap((line) => line.dropped)).toEqual(paths)
    expect(warnings()).toEqual([])
  })

  test('again with nothing changed: no write', async () => {
    older()
    await offloaded()
    kubelet(world, later)
    await settlePods(world)
    const before = world.rome.changes.length
    expect(await sweep([world.peering], { reportOnly: false, deleteBudget: 0, log: world.peering.log })).toMatchObject({
      updated: 0,
      failed: 0,
    })
    expect(world.rome.changes).toHaveLength(before)
  })

  test('that refuses what is not in it is told', async () => {
    older('.status.none')
    await offloaded()
    expect(warnings()).toEqual([expect.stringContaining('field not declared in schema')])
  })
})

describe('an unmarked pod of the same name', () => {
  test('is left alone and reported', async () => {
    world.milan.user.create(POD, { metadata: { ...REMOTE, labels: { theirs: 'yes' } }, spec: { containers: [] } })
    const before = world.milan.changes.length
    world.rome.user.create(POD, homePod())
    await settlePods(world)
    expect(world.milan.changes).toHaveLength(before)
    expect(warnings()).toEqual([expect.stringContaining('remote object already exists')])
    expect(podsOf(world).home?.status).toMatchObject({ conditions: [{ type: 'offloading.heliograph.io/Refused' }] })
  })

  test('in the place of a lost one: the ShadowPod says so', async () => {
    await offloaded()
    world.milan.user.remove(POD, REMOTE)
    world.milan.user.create(POD, { metadata: { ...REMOTE, labels: { theirs: 'yes' } }, spec: { containers: [] } })
    await settlePods(world)
    expect(podsOf(world).remote?.metadata.labels).toEqual({ theirs: 'yes' })
    expect(warnings('milan')).toEqual([expect.stringContaining('remote object already exists')])
  })

  test('does not keep a home pod from being deleted', async () => {
    world.milan.user.create(POD, { metadata: { ...REMOTE }, spec: { containers: [] } })
    world.rome.user.create(POD, homePod())
    await settlePods(world)
    world.rome.user.delete(POD, HOME)
    await settlePods(world)
    expect(podsOf(world).home).toBeUndefined()
    expect(podsOf(world).remote).toBeDefined()
  })
})

describe('a pod whose namespace is not offloaded to the cluster', () => {
  const unoffload = () => world.rome.user.delete(NAMESPACE_OFFLOADING, { namespace: 'shop', name: 'offloading' })
  const wakeOffloading = () =>
    dispatchPod([world.peering], {
      cluster: 'rome',
      kind: 'pod',
      of: 'offloading',
      namespace: 'shop',
      names: ['offloading'],
    })

  test('waits if it has not run, and runs once it is offloaded', async () => {
    unoffload()
    world.rome.user.create(POD, homePod())
    await wakePod(world)
    expect(podsOf(world).home?.status).toMatchObject({ phase: 'Pending', reason: 'OffloadingBackOff' })
    expect(warnings()).toEqual([expect.stringContaining('disabled for namespace "shop"')])
    world.rome.user.create(NAMESPACE_OFFLOADING, offloading())
    await wakeOffloading()
    await settlePods(world)
    kubelet(world, running)
    await settlePods(world)
    expect(podsOf(world).home?.status).toMatchObject({ phase: 'Running' })
    expect(podsOf(world).home?.status).not.toHaveProperty('reason')
  })

  const copyGone = () => {
    world.milan.user.delete(NAMESPACE, { name: 'shop-rome' })
    world.milan.finalize('shop-rome')
  }
  const wakeCopy = (admitted?: { operation: 'UPDATE' }) =>
    dispatchPod([world.peering], {
      cluster: 'milan',
      kind: 'pod',
      of: 'copies',
      namespace: '',
      names: ['shop-rome'],
      ...(admitted && { admitted }),
    })
  const placed: [string, Record<string, unknown>][] = [
    ['bound to its node', {}],
    ['gated for it', { nodeName: undefined, schedulingGates: [{ name: 'offloading.heliograph.io/milan' }] }],
  ]
  const aborted = { phase: 'Failed', reason: 'OffloadingAborted' }

  test.each(placed)('is given up if it ran, %s', async (_, spec) => {
    await offloaded(spec)
    unoffload()
    copyGone()
    await wakeOffloading()
    expect(podsOf(world).home?.status).toMatchObject(aborted)
  })

  test.each(placed)('%s, is found by a sweep', async (_, spec) => {
    await offloaded(spec)
    unoffload()
    copyGone()
    const options = { reportOnly: false, deleteBudget: 10, log: world.peering.log }
    await sweep([world.peering], options)
    expect(podsOf(world).home?.status).toMatchObject(aborted)
  })

  test.each([
    ['given up', false],
    ['ended when it is deleted', true],
  ])('is %s, but not before the copy of the namespace is gone, with its pods', async (_, isDeleted) => {
    await offloaded()
    unoffload()
    if (isDeleted) world.rome.user.delete(POD, HOME)
    const wake = async () => {
      await wakeOffloading()
      await wakePod(world)
      await wakeCopy()
    }
    await wake()
    expect(podsOf(world).home?.status).toMatchObject({ phase: 'Running' })
    world.milan.user.delete(NAMESPACE, { name: 'shop-rome' })
    await wake()
    expect(podsOf(world).home?.status).toMatchObject({ phase: 'Running' })
    world.milan.finalize('shop-rome')
    await wakeCopy({ operation: 'UPDATE' })
    if (isDeleted) expect(podsOf(world).home).toBeUndefined()
    else expect(podsOf(world).home?.status).toMatchObject(aborted)
  })

  test('is tried again when the remote cluster does not say what is left', async () => {
    await offloaded()
    unoffload()
    world.milan.intercept = async () => ({ error: new UnreachableError('milan', 'gone') })
    await expect(wakeCopy()).rejects.toThrow('gone')
    await expect(wakeOffloading()).rejects.toThrow('gone')
    expect(podsOf(world).home?.status).toMatchObject({ phase: 'Running' })
  })
})

describe('a sweep mends', () => {
  const sweepAll = () => sweep([world.peering], { reportOnly: false, deleteBudget: 0, log: world.peering.log })

  test('a pod that no event told of, and its status', async () => {
    world.rome.user.create(POD, homePod())
    await sweepAll()
    await sweepAll()
    expect(podsOf(world).remote).toBeDefined()
    kubelet(world, running)
    await sweepAll()
    await sweepAll()
    expect(podsOf(world).home?.status).toMatchObject({ phase: 'Running', podIP: '10.60.0.7' })
    expect(await sweepAll()).toMatchObject({ created: 0, updated: 0, deleted: 0, refused: 0, failed: 0 })
  })

  test('a deletion, which is no glitch', async () => {
    await offloaded()
    world.rome.user.delete(POD, HOME)
    await sweepAll()
    expect(podsOf(world).shadow).toBeUndefined()
    collectGarbage(world)
    world.milan.user.remove(POD, REMOTE, 'kubelet')
    await sweepAll()
    expect(podsOf(world).home).toBeUndefined()
  })

  test('nothing that would be a deletion for want of a source, over the budget', async () => {
    await offloaded()
    world.rome.user.remove(POD, HOME)
    expect(await sweepAll()).toMatchObject({ refused: 1 })
    expect(podsOf(world).shadow).toBeDefined()
  })
})

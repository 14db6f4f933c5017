import { beforeEach, expect, test } from 'vitest'
import type { KubeObject } from '../../lib/cluster/port.ts'
import { EVENT, POD, SERVICE } from '../../lib/cluster/resources.ts'
import { sweep } from '../../lib/flows/sweep/flow.ts'
import { event } from '../../lib/kinds/event/kind.ts'
import { dispatch } from '../../lib/reflect/dispatch.ts'
import { homePod } from '../support/pods.ts'
import { offload, type TwoClusters, twoClusters } from '../support/two-clusters.ts'

let world: TwoClusters

beforeEach(async () => {
  world = twoClusters()
  await offload(world)
  world.rome.user.create(POD, homePod({ nodeName: 'worker-1' }))
})

const REMOTE = { namespace: 'shop-rome', name: 'web.17aa' }
const HOME = { ...REMOTE, namespace: 'shop' }

function happens(fields: Record<string, unknown> = {}, metadata: Partial<KubeObject['metadata']> = {}): void {
  const involvedObject = { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: 'shop-rome', uid: 'r-1' }
  const told = { reason: 'BackOff', message: 'm', type: 'Warning', count: 1, source: { component: 'kubelet' } }
  world.milan.user.create(EVENT, { metadata: { ...REMOTE, ...metadata }, involvedObject, ...told, ...fields })
}

const wake = () =>
  dispatch(event, [world.peering], { cluster: 'milan', kind: 'event', namespace: 'shop-rome', names: [REMOTE.name] })
const sweepNow = (deleteBudget = 0) =>
  sweep([world.peering], { deleteBudget, reportOnly: false, log: world.peering.log })
const atHome = () => world.rome.peek(EVENT, HOME)

test('what happens to a remote object shows at home, about the object of home', async () => {
  happens()
  await wake()
  expect(atHome()).toMatchObject({
    involvedObject: {
      kind: 'Pod',
      name: 'web',
      namespace: 'shop',
      uid: world.rome.peek(POD, { namespace: 'shop', name: 'web' })?.metadata.uid,
    },
    source: { component: 'kubelet (remote)' },
    count: 1,
  })
  expect(world.milan.all(EVENT)).toHaveLength(1)
})

test('a further occurrence is no write', async () => {
  happens()
  await wake()
  const before = world.rome.changes.length
  world.milan.user.edit(EVENT, REMOTE, (one) => {
    one.count = 2
  })
  await wake()
  await sweepNow()
  expect(world.rome.changes.length).toBe(before)
})

test('an Event about something that is not at home stays there', async () => {
  happens({ involvedObject: { kind: 'Pod', name: 'other', namespace: 'shop-rome' } })
  await wake()
  expect(world.rome.all(EVENT)).toEqual([])
})

test('an Event of home of the same name is left alone, and nothing is said of it', async () => {
  world.rome.user.create(EVENT, { metadata: HOME, involvedObject: { kind: 'Pod', name: 'web', namespace: 'shop' } })
  const before = atHome()
  happens()
  await wake()
  await sweepNow()
  expect(world.rome.all(EVENT)).toEqual([before])
  expect(world.milan.all(EVENT)).toHaveLength(1)
})

test('copies of Events that have expired go, however many', async () => {
  for (let index = 0; index < 5; index++) happens({}, { name: `web.${index}` })
  await sweepNow()
  expect(world.rome.all(EVENT)).toHaveLength(5)
  for (let index = 0; index < 5; index++) {
    world.milan.user.remove(EVENT, { namespace: 'shop-rome', name: `web.${index}` }, 'etcd')
  }
  await sweepNow(0)
  expect(world.rome.all(EVENT)).toEqual([])
})

test('a copy is not deleted by the word of another cluster', async () => {
  happens()
  await wake()
  const other = twoClusters()
  world.milan.user.remove(EVENT, REMOTE, 'etcd')
  world.rome.user.edit(EVENT, HOME, ({ metadata }) => {
    metadata.annotations = { ...metadata.annotations, 'heliograph.io/source-cluster-uid': other.rome.uid }
  })
  await sweepNow()
  expect(atHome()).toBeDefined()
})

test('no loop: what our functions tell is told once, and copies are not copied', async () => {
  // rome offloads to milan and milan to rome: each is home and remote.
  const back = { ...world.peering, home: world.milan, remote: world.rome }
  world.milan.user.create(SERVICE, { metadata: { namespace: 'shop-rome', name: 'web' }, spec: {} })
  world.rome.user.create(SERVICE, { metadata: { namespace: 'shop', name: 'web' }, spec: {} })
  await sweepNow()
  const told = world.rome.all(EVENT)
  expect(told.map(({ reason }) => reason)).toEqual(['FailedReflection'])
  happens()
  for (const peering of [world.peering, back, world.peering, back]) {
    await sweep([peering], { deleteBudget: 100, reportOnly: false, log: world.peering.log })
  }
  expect(world.rome.all(EVENT)).toHaveLength(2)
  expect(world.milan.all(EVENT)).toHaveLength(1)
})

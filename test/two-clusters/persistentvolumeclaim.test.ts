import { beforeEach, describe, expect, test } from 'vitest'
import { UnreachableError } from '../../lib/cluster/errors.ts'
import {
  EVENT,
  NODE,
  PERSISTENT_VOLUME,
  PERSISTENT_VOLUME_CLAIM,
  POD,
  STORAGE_CLASS,
} from '../../lib/cluster/resources.ts'
import { sweep } from '../../lib/flows/sweep/flow.ts'
import { dispatchClaim } from '../../lib/flows/volume/dispatch.ts'
import { dispatchClaimsOfGated } from '../../lib/flows/volume/gated.ts'
import { addVirtualNode, homePod } from '../support/pods.ts'
import { offload, type TwoClusters, twoClusters } from '../support/two-clusters.ts'

let world: TwoClusters

const HOME = { namespace: 'shop', name: 'data' }
const REMOTE = { namespace: 'shop-rome', name: 'data' }

beforeEach(async () => {
  world = twoClusters({ storage: { remoteClass: 'gp3' } })
  addVirtualNode(world)
  world.rome.user.create(STORAGE_CLASS, {
    metadata: { name: 'liqo' },
    ...{ provisioner: 'liqo.io/storage', reclaimPolicy: 'Delete', volumeBindingMode: 'WaitForFirstConsumer' },
  })
  await offload(world)
})

function claim(node = 'liqo-milan'): void {
  const annotations = {
    'volume.kubernetes.io/selected-node': node,
    'volume.kubernetes.io/storage-provisioner': 'liqo.io/storage',
  }
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'liqo' }
  world.rome.user.create(PERSISTENT_VOLUME_CLAIM, { metadata: { ...HOME, annotations }, spec })
}

/** The volume controller of home. */
function bind(): void {
  const [volume] = volumes()
  world.rome.user.edit(PERSISTENT_VOLUME_CLAIM, HOME, ({ spec }) => {
    Object.assign(spec as object, { volumeName: volume!.metadata.name })
  })
}

const wake = () =>
  dispatchClaim([world.peering], { cluster: 'rome', kind: 'persistentvolumeclaim', namespace: 'shop', names: ['data'] })
const sweepNow = () => sweep([world.peering], { deleteBudget: 0, reportOnly: false, log: world.peering.log })
const volumes = () => world.rome.all(PERSISTENT_VOLUME)
const here = () => world.rome.peek(PERSISTENT_VOLUME_CLAIM, HOME)
const there = () => world.milan.peek(PERSISTENT_VOLUME_CLAIM, REMOTE)

test.each([
  ['an event', wake],
  ['the sweep', sweepNow],
])('%s gives the claim its volume in the other cluster, and one at home that stands for it', async (_, act) => {
  claim()
  await act()
  expect(there()).toMatchObject({ spec: { storageClassName: 'gp3', resources: { requests: { storage: '1Gi' } } } })
  const uid = here()!.metadata.uid!
  expect(volumes()).toMatchObject([
    {
      metadata: { name: `pvc-${uid}`, annotations: { 'pv.kubernetes.io/provisioned-by': 'liqo.io/storage' } },
      spec: { claimRef: { ...HOME, uid }, capacity: { storage: '1Gi' }, persistentVolumeReclaimPolicy: 'Delete' },
    },
  ])
})

test('nothing is written again, bound or not', async () => {
  claim()
  await wake()
  const before = [world.rome.changes.length, world.milan.changes.length]
  await wake()
  await sweepNow()
  expect([world.rome.changes.length, world.milan.changes.length]).toEqual(before)
  bind()
  await wake()
  await sweepNow()
  expect([world.rome.changes.length, world.milan.changes.length]).toEqual([before[0]! + 1, before[1]])
})

test('a claim for a node of home is its own cluster’s', async () => {
  world.rome.user.create(NODE, { metadata: { name: 'worker-1' } })
  claim('worker-1')
  await wake()
  await sweepNow()
  expect([there(), volumes(), world.rome.all(EVENT)]).toEqual([undefined, [], []])
})

test('without the remote claim there is no volume at home', async () => {
  claim()
  world.milan.intercept = async ({ verb }) =>
    verb === 'apply' ? { error: new UnreachableError('milan', 'gone') } : undefined
  await expect(wake()).rejects.toThrow('gone')
  expect(volumes()).toEqual([])
  world.milan.intercept = undefined
  await wake()
  expect(volumes()).toHaveLength(1)
})

test('a remote claim of somebody else is reported, and no volume stands for it', async () => {
  world.milan.user.create(PERSISTENT_VOLUME_CLAIM, { metadata: REMOTE, spec: {} })
  claim()
  await wake()
  expect(volumes()).toEqual([])
  expect(world.rome.all(EVENT).map(({ message }) => message)).toEqual([expect.stringContaining('already exists')])
})

test.each([
  ['an event', wake],
  [
    'the sweep, whose budget',
    () => sweep([world.peering], { deleteBudget: 1, reportOnly: false, log: world.peering.log }),
  ],
])('%s removes both with the claim', async (_, act) => {
  claim()
  await wake()
  bind()
  world.rome.user.remove(PERSISTENT_VOLUME_CLAIM, HOME)
  await act()
  expect([there(), volumes()]).toEqual([undefined, []])
})

describe('a claim made anew under the name', () => {
  /** Before anybody has served the deletion. */
  const renew = () => {
    world.rome.user.remove(PERSISTENT_VOLUME_CLAIM, HOME)
    claim()
  }

  test.each([
    ['an event', wake],
    [
      'sweeps',
      async () => {
        const options = { deleteBudget: 1, reportOnly: false, log: world.peering.log }
        for (let times = 0; times < 2; times++) await sweep([world.peering], options)
      },
    ],
  ])('gets by %s a claim and a volume of its own, and nothing that the former one held', async (_, act) => {
    claim()
    await wake()
    const [before, volume] = [there(), volumes()[0]!]
    renew()
    await act()
    expect(there()?.metadata.uid).not.toBe(before!.metadata.uid)
    expect(there()?.metadata.annotations?.['heliograph.io/source-uid']).toBe(here()!.metadata.uid)
    expect(volumes()).toHaveLength(1)
    expect(volumes()[0]!.metadata.name).not.toBe(volume.metadata.name)
  })

  test('has no volume while a pod still holds the former one, and has it at its end', async () => {
    claim()
    await wake()
    const before = there()
    world.milan.user.edit(PERSISTENT_VOLUME_CLAIM, REMOTE, ({ metadata }) => {
      metadata.finalizers = ['kubernetes.io/pvc-protection']
    })
    renew()
    await wake()
    expect(there()?.metadata).toMatchObject({ uid: before!.metadata.uid, deletionTimestamp: expect.any(String) })
    expect(volumes()).toEqual([])
    world.milan.user.edit(PERSISTENT_VOLUME_CLAIM, REMOTE, ({ metadata }) => delete metadata.finalizers)
    const event = { cluster: 'milan', kind: 'persistentvolumeclaim', namespace: 'shop-rome', names: ['data'] }
    await dispatchClaim([world.peering], event)
    expect(there()?.metadata.uid).not.toBe(before!.metadata.uid)
    expect(volumes()[0]!.metadata.name).toBe(`pvc-${here()!.metadata.uid}`)
  })
})

describe('the claim of a gated pod', () => {
  const schedulingGates = [{ name: 'offloading.heliograph.io/milan' }]
  const using = (claimName: string) => ({
    ...{ nodeName: undefined, schedulingGates },
    volumes: [{ name: 'd', persistentVolumeClaim: { claimName } }],
  })
  const tell = (...names: string[]) =>
    dispatchClaimsOfGated([world.peering], { cluster: 'rome', kind: 'pod', namespace: 'shop', names })
  const make = (name: string) =>
    world.rome.user.create(PERSISTENT_VOLUME_CLAIM, {
      metadata: { ...HOME, name },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'liqo' },
    })

  beforeEach(() => {
    world.peering = { ...world.peering, storage: { remoteClass: 'gp3', gated: true } }
    make('data')
  })

  test.each([
    ['by its name', ['web']],
    ['as one without a name yet', []],
  ])('belongs where the pod runs, and the pod tells, %s', async (_, names) => {
    await wake()
    expect([there(), volumes()]).toEqual([undefined, []])
    world.rome.user.create(POD, homePod(using('data')))
    await tell(...names)
    expect(there()).toBeDefined()
    expect(volumes()).toHaveLength(1)
  })

  test('of a pod without a name yet: those that run have theirs', async () => {
    make('other')
    world.rome.user.create(POD, { ...homePod(using('other')), status: { phase: 'Running' } })
    world.rome.user.create(POD, homePod(using('data'), { name: 'web-2' }))
    await tell()
    expect(world.milan.all(PERSISTENT_VOLUME_CLAIM).map(({ metadata }) => metadata.name)).toEqual(['data'])
  })
})

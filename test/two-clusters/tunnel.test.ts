import { beforeEach, describe, expect, test } from 'vitest'
import { ENDPOINT_SLICE, EVENT, POD, SYSTEM_NAMESPACE, TUNNEL_ENDPOINT } from '../../lib/cluster/resources.ts'
import type { ChangeEvent } from '../../lib/event/change.ts'
import { triggersOf } from '../../lib/event/triggers.ts'
import { changesOf, type Write } from '../../lib/event/write.ts'
import { dispatchSlices } from '../../lib/flows/mapping/dispatch.ts'
import { dispatchPod } from '../../lib/flows/refused/dispatch.ts'
import { sweep } from '../../lib/flows/sweep/flow.ts'
import { KINDS } from '../../lib/kinds/index.ts'
import type { Peering } from '../../lib/reflect/peering.ts'
import { copiesIn, internal, mappingsIn, negotiated, slice, tunnelEndpoint, wakeSlices } from '../support/mappings.ts'
import { networks } from '../support/networks.ts'
import { addVirtualNode, homePod, kubelet, podsOf, settlePods } from '../support/pods.ts'
import type { TwoClusters } from '../support/two-clusters.ts'

/** A pod that runs in milan on both families, and a slice, both reflected under the names that were negotiated. */
let world: TwoClusters

const TUNNEL = { namespace: SYSTEM_NAMESPACE, name: 'milan' }
const RUNNING = { phase: 'Running', podIP: '10.244.1.7', podIPs: [{ ip: '10.244.1.7' }, { ip: 'fd00:10::7' }] }

beforeEach(async () => {
  world = await negotiated()
  addVirtualNode(world)
  world.rome.user.create(ENDPOINT_SLICE, slice('web-1', ['10.244.3.9', '10.96.0.1']))
  await wakeSlices(world.peering, 'web-1')
  world.rome.user.create(POD, homePod())
  await settlePods(world)
  kubelet(world, RUNNING)
  await settlePods(world)
})

/** What home shows of the pod, and milan of the slice. */
const shown = () => ({ pod: statusAtHome().podIPs, slice: copiesIn(world)['web-1'] })
const statusAtHome = () => podsOf(world).home!.status as typeof RUNNING
const remapped = { pod: [{ ip: '10.246.1.7' }], slice: ['10.246.3.9', '10.247.0.2'] }

const write = (change: Partial<Write> = {}): Write => {
  const { group, plural } = TUNNEL_ENDPOINT
  return { group, plural, subresource: '', ...TUNNEL, own: false, ...change }
}

/** The functions serve what the webhook makes of the write. */
async function told(change: Partial<Write> = {}, peering: Peering = world.peering): Promise<ChangeEvent[]> {
  const changes = changesOf('rome', [write(change)], triggersOf(KINDS))
  for (const event of changes) {
    if (event.kind === 'pod') await dispatchPod([peering], event)
    else await dispatchSlices([peering], event)
  }
  return changes
}

const run = (change: Partial<Peering> = {}) =>
  sweep([{ ...world.peering, ...change }], { deleteBudget: 0, reportOnly: false, log: world.peering.log })

test('a pod shows at home what home calls its address; what the tunnel does not carry is withheld, and told', () => {
  expect(shown()).toEqual(remapped)
  expect(statusAtHome().podIP).toBe('10.246.1.7')
  expect(world.rome.all(EVENT).map(({ message }) => message)).toContain(
    'Error reflecting object to cluster "milan": fd00:10::7 of milan stays there: the network between milan and rome carries no IPv6',
  )
})

describe('a TunnelEndpoint', () => {
  test('that goes takes all addresses of its peering along, and one that comes brings them back', async () => {
    world.rome.user.delete(TUNNEL_ENDPOINT, TUNNEL)
    await told()
    expect(shown()).toEqual({ pod: undefined, slice: [] })
    world.rome.user.create(TUNNEL_ENDPOINT, tunnelEndpoint())
    await told()
    expect(shown()).toEqual(remapped)
  })

  test('that says other names retranslates', async () => {
    world.rome.user.edit(TUNNEL_ENDPOINT, TUNNEL, ({ spec }) => {
      Object.assign(spec as object, { localNATPodCIDR: 'None', remoteNATPodCIDR: '10.50.0.0/16' })
    })
    await told({ own: true })
    expect(shown()).toEqual({ pod: [{ ip: '10.50.1.7' }], slice: ['10.244.3.9', '10.247.0.2'] })
  })

  test('that is no plan withholds all, with the reason', async () => {
    world.rome.user.edit(TUNNEL_ENDPOINT, TUNNEL, ({ spec }) => {
      delete (spec as { localPodCIDR?: string }).localPodCIDR
    })
    await told()
    expect(shown()).toEqual({ pod: undefined, slice: [] })
    expect(world.rome.all(EVENT).map(({ message }) => String(message))).toContainEqual(
      expect.stringContaining('CIDRs of rome: "" is not a CIDR'),
    )
    expect(mappingsIn(world)).toEqual({ '10.245.0.2': '10.96.0.1' })
  })

  test('wakes both kinds, whoever writes it, but not by its status', async () => {
    const kinds = (changes: ChangeEvent[]) => changes.map(({ kind, of, names }) => [kind, of, names])
    const both = [
      ['endpointslice', 'tunnel', ['milan']],
      ['pod', 'tunnel', ['milan']],
    ]
    expect(kinds(await told())).toEqual(both)
    expect(kinds(await told({ own: true }))).toEqual(both)
    expect(await told({ subresource: 'status' })).toEqual([])
  })

  test('of another peer wakes nothing', async () => {
    let calls = 0
    const count = () => {
      calls++
      return undefined
    }
    const remote = world.milan.connect(count)
    await told({ name: 'turin' }, { ...world.peering, remote })
    expect(calls).toBe(0)
    await told({ name: '' }, { ...world.peering, remote })
    expect(calls).toBeGreaterThan(0)
  })

  test('of an admission is waited for', async () => {
    const { resourceVersion = '' } = world.rome.peek(TUNNEL_ENDPOINT, TUNNEL)!.metadata
    let looks = 0
    const home = world.rome.connect(({ verb, resource }) => {
      if (verb === 'get' && resource === TUNNEL_ENDPOINT && ++looks === 3) {
        world.rome.user.delete(TUNNEL_ENDPOINT, TUNNEL)
      }
      return undefined
    })
    await told({ admitted: { operation: 'DELETE', resourceVersion } }, { ...world.peering, home })
    expect(shown()).toEqual({ pod: undefined, slice: [] })
  })

  test('leaves deletions to the sweep', async () => {
    world.rome.user.delete(ENDPOINT_SLICE, { namespace: 'shop', name: 'web-1' })
    world.rome.user.delete(TUNNEL_ENDPOINT, TUNNEL)
    await told()
    expect(copiesIn(world)).toEqual({ 'web-1': remapped.slice })
  })

  test('changed while a slice is being reflected: seen by the second look', async () => {
    world.rome.user.update(ENDPOINT_SLICE, slice('web-1', ['10.244.3.8']))
    const remote = world.milan.connect(({ verb, resource }) => {
      if (verb === 'apply' && resource === ENDPOINT_SLICE && world.rome.peek(TUNNEL_ENDPOINT, TUNNEL)) {
        world.rome.user.delete(TUNNEL_ENDPOINT, TUNNEL)
      }
      return undefined
    })
    await wakeSlices({ ...world.peering, remote }, 'web-1')
    expect(copiesIn(world)).toEqual({ 'web-1': [] })
  })
})

describe('flips, by the next sweep', () => {
  const everything = () => {
    const { home, shadow, remote } = podsOf(world)
    return [home, shadow, remote].map((one) => one?.metadata.uid)
  }

  test.each([
    {
      name: 'internal',
      flags: { internal: false },
      want: { pod: RUNNING.podIPs, slice: ['10.244.3.9', '10.96.0.1'] },
    },
    { name: 'reflectIPs', flags: { reflectIPs: false }, want: { pod: undefined, slice: undefined } },
    {
      name: 'both',
      flags: { internal: false, reflectIPs: false },
      want: { pod: undefined, slice: undefined },
    },
  ])('of $name to false and back: no pod restarts', async ({ flags, want }) => {
    const before = everything()
    const { changes } = world.milan
    const writes = changes.length
    await run({ networks: networks(flags) })
    expect(shown()).toEqual(want)
    expect(mappingsIn(world)).toEqual({})
    expect(await run({ networks: networks(flags) })).toMatchObject({ created: 0, updated: 0, deleted: 0, failed: 0 })
    await run({ networks: internal() })
    expect(shown()).toEqual(remapped)
    expect(everything()).toEqual(before)
    expect(new Set(changes.slice(writes).map(({ resource }) => resource.plural))).toEqual(new Set(['endpointslices']))
  })
})

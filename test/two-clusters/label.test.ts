import { describe, expect, test } from 'vitest'
import { ConflictError } from '../../lib/cluster/errors.ts'
import { NAMESPACE, NAMESPACE_OFFLOADING } from '../../lib/cluster/resources.ts'
import { fill } from '../../lib/flows/namespace/fill.ts'
import { offloadNamespace } from '../../lib/flows/namespace/flow.ts'
import { offload, offloading, type TwoClusters, twoClusters } from '../support/two-clusters.ts'

const OFFLOADING = { namespace: 'shop', name: 'offloading' }
const LABEL = 'liqo.io/scheduling-enabled'

const labelIn = ({ rome }: TwoClusters, name = 'shop') => rome.peek(NAMESPACE, { name })?.metadata.labels?.[LABEL]
const pass = ({ peering }: TwoClusters, name = 'shop') => offloadNamespace([peering], name, fill)

describe('the label of a namespace whose pods may leave', () => {
  test.each([
    ['Remote', 'true'],
    ['LocalAndRemote', 'true'],
    ['Local', undefined],
    [undefined, 'true'],
  ])('with strategy %s', async (podOffloadingStrategy, want) => {
    const world = twoClusters()
    await offload(world, podOffloadingStrategy ? { podOffloadingStrategy } : {})
    expect(labelIn(world)).toBe(want)
  })

  test('goes with the offloading, and with the strategy', async () => {
    const world = twoClusters()
    await offload(world, { podOffloadingStrategy: 'Remote' })
    world.rome.user.edit(NAMESPACE_OFFLOADING, OFFLOADING, (object) => {
      object.spec = { podOffloadingStrategy: 'Local' }
    })
    await pass(world)
    expect(labelIn(world)).toBeUndefined()
    world.rome.user.edit(NAMESPACE_OFFLOADING, OFFLOADING, (object) => {
      object.spec = { podOffloadingStrategy: 'LocalAndRemote' }
    })
    await pass(world)
    expect(labelIn(world)).toBe('true')
    world.rome.user.delete(NAMESPACE_OFFLOADING, OFFLOADING)
    await pass(world)
    expect(labelIn(world)).toBeUndefined()
    expect(world.rome.peek(NAMESPACE, { name: 'shop' })).toBeDefined()
  })

  test('is there before the status says Ready', async () => {
    const world = twoClusters()
    await offload(world)
    const written = world.rome.changes.slice(-2).map(({ resource }) => resource.plural)
    expect(written).toEqual(['namespaces', 'namespaceoffloadings'])
  })

  test('stays when somebody else has set it, in advance', async () => {
    const world = twoClusters()
    world.rome.user.edit(NAMESPACE, { name: 'shop' }, ({ metadata }) => {
      metadata.labels = { [LABEL]: 'true', team: 'shop' }
    })
    await offload(world)
    world.rome.user.delete(NAMESPACE_OFFLOADING, OFFLOADING)
    await pass(world)
    expect(world.rome.peek(NAMESPACE, { name: 'shop' })?.metadata.labels).toMatchObject({
      [LABEL]: 'true',
      team: 'shop',
    })
  })

  test('is not set on a system namespace', async () => {
    const world = twoClusters()
    world.rome.user.create(NAMESPACE_OFFLOADING, offloading({}, 'kube-system'))
    await pass(world, 'kube-system')
    expect(labelIn(world, 'kube-system')).toBeUndefined()
  })

  test('is not written when only reported', async () => {
    const world = twoClusters()
    world.rome.user.create(NAMESPACE_OFFLOADING, offloading())
    await offloadNamespace([world.peering], 'shop', fill, 'report')
    expect(labelIn(world)).toBeUndefined()
  })

  test('a namespace that changes meanwhile is looked at again', async () => {
    const world = twoClusters()
    let conflicts = 2
    const busy = world.rome.connect(({ verb, resource }) => {
      if (verb !== 'apply' || resource !== NAMESPACE || conflicts-- <= 0) return undefined
      return { error: new ConflictError('rome', 'the object has been modified') }
    })
    await offload({ ...world, peering: { ...world.peering, home: busy } })
    expect(labelIn(world)).toBe('true')
  })

  test('a namespace that is gone is not made anew', async () => {
    const world = twoClusters()
    world.rome.user.create(NAMESPACE_OFFLOADING, offloading({}, 'shop'))
    const before = world.rome.connect(({ verb, resource }) => {
      if (verb === 'apply' && resource === NAMESPACE) world.rome.user.remove(NAMESPACE, { name: 'shop' })
      return undefined
    })
    await offloadNamespace([{ ...world.peering, home: before }], 'shop', fill)
    expect(world.rome.peek(NAMESPACE, { name: 'shop' })).toBeUndefined()
  })
})

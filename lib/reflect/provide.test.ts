import { expect, test } from 'vitest'
import { memoryCluster } from '../../test/support/memory-cluster.ts'
import { twoClusters } from '../../test/support/two-clusters.ts'
import { ConflictError, ForbiddenError } from '../cluster/errors.ts'
import { type KubeObject, NOT_EXISTING } from '../cluster/port.ts'
import { CONFIGMAP, NODE } from '../cluster/resources.ts'
import type { Kind } from '../kinds/kind.ts'
import { provide } from './provide.ts'

/** Provides cluster-scoped objects, for want of namespaces. */
const kind: Kind = {
  name: 'test',
  source: { side: 'home', resource: CONFIGMAP },
  target: { side: 'remote', resource: CONFIGMAP },
  reads: { made: { side: 'home', resource: NODE, wanted: () => ({ names: [] }) } },
  provides: { read: 'made', forge: () => [] },
  forge: (source) => source,
}

const object = (name: string, owner: string, resourceVersion = NOT_EXISTING): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, resourceVersion, labels: { owner } },
})

function world() {
  const rome = memoryCluster({ id: 'rome' })
  return { rome, peering: { ...twoClusters().peering, home: rome } }
}

test('writes what is lacking until nothing is, and goes by what others have made meanwhile', async () => {
  const { rome, peering } = world()
  rome.user.create(NODE, { metadata: { name: 'n1', labels: { owner: 'other' } } })
  const asked: unknown[] = []
  const isWritten = await provide(kind, peering, (since = new Map()) => {
    asked.push([...since].map(([name, found]) => [name, found?.metadata.labels?.owner]))
    if (since.size === 0) return [object('n1', 'me')]
    return since.has('n2') ? [] : [object('n2', 'me')]
  })
  expect(isWritten).toBe(true)
  expect(asked).toEqual([
    [],
    [['n1', 'other']],
    [
      ['n1', 'other'],
      ['n2', 'me'],
    ],
  ])
})

test('an object that went meanwhile is told as gone', async () => {
  const { peering } = world()
  const stale = { ...object('n1', 'me', '7') }
  stale.metadata.uid = 'u1'
  let last: unknown = 'not asked'
  await provide(kind, peering, (since) => {
    if (!since) return [stale]
    last = since.get('n1')
    return since.size === 0 ? [stale] : []
  })
  expect(last).toBeUndefined()
})

test('nothing is written where nothing is lacking', async () => {
  const { rome, peering } = world()
  expect(await provide(kind, peering, () => [])).toBe(false)
  expect(rome.changes).toEqual([])
})

test('who is always too slow gives up, for a redelivery', async () => {
  const { rome, peering } = world()
  rome.user.create(NODE, { metadata: { name: 'n1' } })
  await expect(provide(kind, peering, () => [object('n1', 'me')])).rejects.toThrow(ConflictError)
})

test('other errors are the caller’s', async () => {
  const { rome, peering } = world()
  const home = rome.connect(() => ({ error: new ForbiddenError('rome', 'no') }))
  await expect(provide(kind, { ...peering, home }, () => [object('n1', 'me')])).rejects.toThrow(ForbiddenError)
})

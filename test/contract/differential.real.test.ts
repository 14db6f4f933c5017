import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ClusterError } from '../../lib/cluster/errors.ts'
import { type Cluster, type KubeObject, NOT_EXISTING } from '../../lib/cluster/port.ts'
import { NAMESPACE } from '../../lib/cluster/resources.ts'
import { memoryCluster } from '../support/memory-cluster.ts'
import { type HttpWorld, httpWorld } from './http-world.ts'
import { memoryUser } from './memory-user.ts'
import { type ContractUser, guardOf, THING, thing } from './world.ts'

/**
 * The in-memory cluster against the real one: random writes by us and by another manager, to one object of both, have
 * the same outcome, leave the same object, and change its resourceVersion or do not.
 *
 * Each map that we apply keeps a member (`ours`): when we drop the last one of a map that another manager made, a real
 * server is left with null there, which the schema of a CRD then refuses (422), and an object of which nobody owns a
 * field counts the next apply as a change. For the same reason annotations are never an empty map: the server keeps
 * none, and so takes each apply of it for a change as soon as the clock shows another second. All our objects bear
 * marks, no two managers share our maps, and we do not apply what differs by an empty map alone.
 */
let real: HttpWorld
beforeAll(async () => {
  real = await httpWorld()
})
afterAll(async () => await real?.stop())

interface Step {
  by: 'us' | 'status' | 'them' | 'delete' | 'their delete'
  guard: 'none' | 'current' | 'first' | 'not existing'
  fields: {
    spec: { map: object; list?: readonly number[]; a?: number }
    labels: Record<string, string>
    annotations?: Record<string, string>
  }
}

interface Side {
  cluster: Cluster
  user: ContractUser
}

const scalar = fc.constantFrom(1, 2)
const list = fc.constantFrom([1], [1, 2], [2])
const map = fc.record({ a: scalar, b: scalar, list }, { requiredKeys: [] })
const words = (minKeys: number) =>
  fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2'), { minKeys, maxKeys: 2 })
const fields = fc.record(
  { spec: fc.record({ map, list, a: scalar }, { requiredKeys: ['map'] }), labels: words(0), annotations: words(1) },
  { requiredKeys: ['spec', 'labels'] },
)
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    by: fc.constantFrom<Step['by'][]>('us', 'us', 'us', 'status', 'them', 'them', 'delete', 'their delete'),
    guard: fc.constantFrom<Step['guard'][]>('none', 'none', 'current', 'first', 'not existing'),
    fields,
  }),
  { minLength: 2, maxLength: 9 },
)

test('in memory as on a real API server', async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const namespace = `differential-${++run}`
      const memory = memoryCluster({ id: 'rome' })
      const sides: Side[] = [real, { cluster: memory, user: memoryUser(memory) }]
      const stories: unknown[][] = []
      for (const side of sides) {
        await side.user.create(NAMESPACE, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
        stories.push(await play(side, namespace, steps))
      }
      expect(stories[1]).toEqual(stories[0])
    }),
    { numRuns: 250 },
  )
})

/** What an observer sees after each step. */
async function play({ cluster, user }: Side, namespace: string, steps: Step[]): Promise<unknown[]> {
  const ref = { namespace, name: 'one' }
  const story: unknown[] = []
  let first: KubeObject | undefined
  let before: KubeObject | undefined
  for (const step of steps) {
    const outcome = await act(step).then(
      (result) => (typeof result === 'object' ? 'written' : result),
      (error: ClusterError) => error.constructor.name,
    )
    const after = await cluster.get(THING, ref)
    first ??= after
    const same = after?.metadata.resourceVersion === before?.metadata.resourceVersion
    story.push({ step: `${step.by} (${step.guard})`, outcome, same, object: after && visible(after) })
    before = after
  }
  return story

  async function act({ by, guard, fields }: Step): Promise<unknown> {
    if (by === 'their delete') return before && (await user.delete(THING, ref))
    const { spec, labels, annotations } = fields
    if (by === 'them') {
      const theirs = { spec, metadata: { labels, ...(annotations ? { annotations } : {}) } }
      if (before) return await user.merge(THING, ref, theirs)
      return await user.create(THING, thing(namespace, 'one', theirs))
    }
    const seen = guard === 'current' ? before : first
    if (by === 'delete') return seen && (await cluster.delete(THING, ref, guardOf(seen)))
    const guards = { none: {}, current: seen && guardOf(seen), first: seen && guardOf(seen) }
    const precondition = guard === 'not existing' ? { resourceVersion: NOT_EXISTING } : guards[guard]
    const body = { ...spec, map: { ...spec.map, ours: 1 } }
    if (by === 'status')
      return await cluster.apply(THING, thing(namespace, 'one', { metadata: precondition, status: body }), by)
    const metadata = { labels: { ...labels, ours: 'y' }, ...(annotations ? { annotations } : {}), ...precondition }
    return await cluster.apply(THING, thing(namespace, 'one', { spec: body, metadata }))
  }
}

/** Without what differs between any two clusters. */
function visible({ metadata, ...rest }: KubeObject): unknown {
  const { labels = {}, annotations = {}, generation } = metadata
  return { ...rest, labels, annotations, generation }
}

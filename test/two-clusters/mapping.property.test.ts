import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ENDPOINT_MAPPING, ENDPOINT_SLICE } from '../../lib/cluster/resources.ts'
import { sweepMappings } from '../../lib/flows/mapping/release.ts'
import { sweep } from '../../lib/flows/sweep/flow.ts'
import type { Peering } from '../../lib/reflect/peering.ts'
import { judge, shownIn } from '../simulate/mappings/judge.ts'
import { pick, randomFrom } from '../simulate/seed.ts'
import { isDone, KilledError } from '../support/killed.ts'
import { negotiated, slice, wakeSlices } from '../support/mappings.ts'
import type { Intercept } from '../support/memory-cluster.ts'
import type { TwoClusters } from '../support/two-clusters.ts'

/** Functions at a time. */
const MANY = 50
const SLICES = 25

/** Addresses that slices need: some are needed by several, and most are let go of now and then. */
const ORIGINALS = Array.from({ length: 12 }, (_, index) => `10.96.0.${index + 1}`)
const some = fc.uniqueArray(fc.constantFrom(...ORIGINALS), { minLength: 1, maxLength: 2 })

/** What a slice comes to show (nothing: it goes), when, in turns, and after which write the function dies that hears of it. */
const change = fc.record({
  index: fc.nat({ max: SLICES - 1 }),
  shows: fc.option(some, { nil: undefined }),
  turn: fc.nat({ max: 60 }),
  dies: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 4 }),
})

const nameOf = (index: number) => `s${String(index).padStart(2, '0')}`

async function turns(many: number): Promise<void> {
  for (let turn = 0; turn < many; turn++) await new Promise((next) => setImmediate(next))
}

/** Turns that a call waits: mostly none, but now and then one is overtaken by all that others do. */
const WAITS = [...Array.from({ length: 12 }, () => 0), 1, 2, 40]

/** A function's own connections: each call waits its turn, and after so many writes nothing comes back. */
function invocation({ peering, rome, milan }: TwoClusters, random: () => number, dies = Number.POSITIVE_INFINITY) {
  let writes = 0
  const intercept: Intercept = async ({ verb }) => {
    await turns(pick(random, WAITS))
    if (writes >= dies) throw new KilledError()
    if (verb === 'apply' || verb === 'delete') writes++
    return undefined
  }
  return { ...peering, home: rome.connect(intercept), remote: milan.connect(intercept) } as Peering
}

function show({ rome: { user, peek } }: TwoClusters, name: string, addresses: readonly string[] | undefined): void {
  const ref = { namespace: 'shop', name }
  if (!addresses) user.delete(ENDPOINT_SLICE, ref)
  else if (peek(ENDPOINT_SLICE, ref)) user.update(ENDPOINT_SLICE, slice(name, addresses))
  else user.create(ENDPOINT_SLICE, slice(name, addresses))
}

test('50 functions at once, some of which die, and sweeps: no mapping in use is lost, none has two originals, none is left', {
  timeout: 120_000,
}, async () => {
  const changes = fc.array(change, { minLength: MANY, maxLength: MANY })
  await fc.assert(
    fc.asyncProperty(changes, fc.nat({ max: 3 }), fc.integer({ min: 0 }), async (all, sweeps, seed) => {
      const world = await negotiated()
      const { rome, milan, peering } = world
      const random = randomFrom(seed)
      const running = all.map(async ({ index, shows, turn, dies }) => {
        await turns(turn)
        show(world, nameOf(index), shows)
        return isDone(wakeSlices(invocation(world, random, dies), nameOf(index)))
      })
      const sweeping = Array.from({ length: sweeps }, async () => {
        await turns(pick(random, [10, 30, 60, 90]))
        await isDone(sweepMappings(invocation(world, random)))
      })
      await Promise.all(sweeping)
      for (const [at, done] of (await Promise.all(running)).entries()) {
        if (!done) await wakeSlices(peering, nameOf(all[at]!.index))
      }
      expect(judge(shownIn(rome, milan))).toBeUndefined()
      const { failed } = await sweep([peering], { deleteBudget: MANY, reportOnly: false, log: peering.log })
      expect(failed).toBe(0)
      expect(judge(shownIn(rome, milan), 'swept')).toBeUndefined()
      const changed = rome.changes.filter(({ resource, verb }) => resource === ENDPOINT_MAPPING && verb === 'update')
      for (const { before, after } of changed) expect(after?.spec).toEqual(before?.spec)
    }),
    { numRuns: 25 },
  )
})

import { percentile, spread } from './figures.ts'
import type { World } from './world.ts'

const RUNS = 3
const OBJECTS = 50

const VERBS = ['create', 'update', 'delete'] as const

type Verb = (typeof VERBS)[number]

/** Type of the watch event that a write brings about. */
const EVENT: Record<Verb, string> = { create: 'ADDED', update: 'MODIFIED', delete: 'DELETED' }

/**
 * From the answer to a write in rome until a watch of another client shows its effect in milan; one object at a time.
 * The floor, in the same run: the driver writes to milan itself, from the beginning of the write until the same watch.
 */
export async function latency(world: World): Promise<string[][]> {
  const name = 'latency'
  using seen = await world.namespace(name)
  const runs: Record<Verb, { own: number[][]; floor: number[][] }> = {
    create: { own: [], floor: [] },
    update: { own: [], floor: [] },
    delete: { own: [], floor: [] },
  }
  for (let run = 0; run <= RUNS; run++) {
    const own = { create: [] as number[], update: [] as number[], delete: [] as number[] }
    const floor = { create: [] as number[], update: [] as number[], delete: [] as number[] }
    for (let index = 0; index < OBJECTS; index++) {
      const object = `run-${run}-${index}`
      for (const verb of VERBS) {
        await world.write(world.rome, verb, name, object, verb)
        const answered = performance.now()
        const { at } = await seen.until((one) => one.name === object && one.type === EVENT[verb])
        own[verb].push(Math.max(0, at - answered))
      }
    }
    // Not in between: the direct writes wake functions too, which would slow the next reflection down.
    await world.stage.host.drain()
    for (let index = 0; index < OBJECTS; index++) {
      const object = `direct-${run}-${index}`
      for (const verb of VERBS) {
        const begun = performance.now()
        await world.write(world.milan, verb, `${name}-rome`, object, verb)
        const { at } = await seen.until((one) => one.name === object && one.type === EVENT[verb])
        floor[verb].push(Math.max(0, at - begun))
      }
    }
    await world.stage.host.drain()
    // The first run warms the functions up and does not count.
    if (run === 0) continue
    for (const verb of VERBS) {
      runs[verb].own.push(own[verb])
      runs[verb].floor.push(floor[verb])
    }
  }
  return VERBS.flatMap((verb) => {
    const { own, floor } = runs[verb]
    const at = (sets: number[][], share: number) => spread(sets.map((set) => percentile(set, share)))
    return [
      [`ConfigMap ${verb}, p50 ms`, at(own, 0.5), at(floor, 0.5)],
      [`ConfigMap ${verb}, p99 ms`, at(own, 0.99), at(floor, 0.99)],
    ]
  })
}

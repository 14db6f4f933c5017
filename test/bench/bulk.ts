import { forEach } from '../../lib/reflect/for-each.ts'
import { spread } from './figures.ts'
import type { World } from './world.ts'

const RUNS = 3
/** Writes that the driver has in flight. */
const IN_FLIGHT = 20

const names = (count: number, prefix: string) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`)

const seconds = (ms: number) => ms / 1000

/** 1,000 ConfigMaps created at once, until the last is in milan. Floor: the driver creates them in both. */
export async function burst(world: World): Promise<string[][]> {
  const own: number[] = []
  const creation: number[] = []
  const floor: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const name = `burst-${run}`
    using seen = await world.namespace(name)
    const objects = names(1000, 'cfg')
    const start = performance.now()
    await forEach(objects, IN_FLIGHT, (object) => world.write(world.rome, 'create', name, object))
    creation.push(seconds(performance.now() - start))
    const missing = new Set(objects)
    await seen.until(({ name }) => {
      missing.delete(name)
      return missing.size === 0
    })
    const last = Math.max(...seen.all.filter(({ name }) => name.startsWith('cfg-')).map(({ at }) => at))
    own.push(seconds(last - start))
    const direct = performance.now()
    for (const [cluster, namespace] of [
      [world.rome, 'default'],
      [world.milan, 'default'],
    ] as const) {
      await forEach(objects, IN_FLIGHT, (object) => world.write(cluster, 'create', namespace, `${name}-${object}`))
    }
    floor.push(seconds(performance.now() - direct))
  }
  return [
    ['burst of 1,000 ConfigMaps, s', spread(own), spread(floor)],
    ['  of it their creation in rome, s', spread(creation), ''],
  ]
}

/** A sweep of 10,000 equal objects, and one after 1,000 of them changed while no function was there. */
export async function sweeps(world: World): Promise<string[][]> {
  const name = 'sweep'
  using seen = await world.namespace(name)
  const objects = names(10_000, 'cfg')
  await forEach(objects, IN_FLIGHT, (object) => world.write(world.rome, 'create', name, object))
  await world.stage.host.drain(600_000)
  await swept(world)
  const idle: number[] = []
  for (let run = 0; run < RUNS; run++) idle.push(seconds(Number((await swept(world)).ms)))

  const recovery: number[] = []
  const floor: number[] = []
  for (let run = 0; run < RUNS; run++) {
    await world.stage.functionsDown()
    const changed = objects.slice(0, 1000)
    const data = `run-${run}`
    await forEach(changed, IN_FLIGHT, (object) => world.write(world.rome, 'update', name, object, data))
    const before = seen.all.length
    await world.stage.functionsUp()
    const start = performance.now()
    await swept(world)
    recovery.push(seconds(performance.now() - start))
    const now = new Set(seen.all.slice(before).map((one) => one.name))
    if (now.size < changed.length) throw new Error(`only ${now.size} of ${changed.length} objects converged`)
    const direct = performance.now()
    await forEach(changed, IN_FLIGHT, (object) =>
      world.write(world.milan, 'update', 'default', `burst-0-${object}`, data),
    )
    floor.push(seconds(performance.now() - direct))
  }
  return [
    ['sweep of 10,000 equal objects, s', spread(idle, 2), ''],
    ['recovery: 1,000 changed while nothing ran, s', spread(recovery, 2), spread(floor, 2)],
  ]
}

async function swept(world: World): Promise<Record<string, number>> {
  const { payload, functionError } = await world.stage.host.invoke('sweep', {})
  const summary = JSON.parse(payload) as Record<string, number>
  if (functionError || summary.failed) throw new Error(`sweep: ${payload}`)
  return summary
}

/** `npm run bench [-- coldstart latency burst sweeps costs]`: measures, judges nothing. `costs` only if it is named. */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { burst, sweeps } from './bulk.ts'
import { coldstart } from './coldstart.ts'
import { costs } from './cost/measure.ts'
import { table } from './figures.ts'
import { latency } from './latency.ts'
import { startWorld } from './world.ts'

/** Between real control planes. Median of three runs (lowest-highest). */
const BETWEEN_CLUSTERS = { latency, burst, sweeps }

const usual = ['coldstart', ...Object.keys(BETWEEN_CLUSTERS)]
const known = [...usual, 'costs']
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  const isHelp = asked.includes('--help')
  const there = `there are ${known.join(', ')}; all but costs unless named\n`
  process.stderr.write(
    isHelp
      ? `usage: npm run bench [-- MEASUREMENT…]: ${there}`
      : `no such measurement: ${unknown.join(', ')}; ${there}`,
  )
  process.exit(isHelp ? 0 : 1)
}
const wanted = asked.length > 0 ? asked : usual

const machine = () => `${availableParallelism()} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}`
const say = (text: string) => process.stdout.write(`${text}\n`)

say(`${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${machine()}`)
if (wanted.includes('coldstart')) {
  say('measuring coldstart')
  say(`\n${table(await coldstart())}\n`)
}
if (wanted.includes('costs')) {
  say('measuring costs')
  await costs()
}
const between = Object.entries(BETWEEN_CLUSTERS).filter(([name]) => wanted.includes(name))
if (between.length > 0) {
  const world = await startWorld()
  try {
    const rows: string[][] = [['what', 'heliograph', 'floor: the driver itself']]
    for (const [name, measure] of between) {
      say(`measuring ${name}`)
      rows.push(...(await measure(world)))
    }
    say(`\n${table(rows)}\n`)
  } finally {
    await world.stop()
  }
}
say(`after: ${machine()}`)

/** `npm run bench [-- latency burst sweeps]`: measures, judges nothing. Median of three runs (lowest-highest). */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { burst, sweeps } from './bulk.ts'
import { table } from './figures.ts'
import { latency } from './latency.ts'
import { startWorld } from './world.ts'

const PARTS = { latency, burst, sweeps }

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in PARTS))
if (unknown.length > 0) {
  process.stderr.write(`no such measurement: ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}\n`)
  process.exit(1)
}

const machine = () => `${availableParallelism()} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}`
process.stdout.write(`${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${machine()}\n`)
const world = await startWorld()
try {
  const rows: string[][] = [['what', 'heliograph', 'floor: the driver itself']]
  for (const [name, measure] of Object.entries(PARTS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    process.stdout.write(`measuring ${name}\n`)
    rows.push(...(await measure(world)))
  }
  process.stdout.write(`\n${table(rows)}\n\nafter: ${machine()}\n`)
} finally {
  await world.stop()
}

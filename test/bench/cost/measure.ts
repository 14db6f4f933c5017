import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../../infra/local/eventually.ts'
import { ROOT } from '../../../infra/local/root.ts'
import { readOwnService } from '../../../infra/local/service/own.ts'
import { showcase } from '../../../infra/local/showcase.ts'
import { type Stage, startStage } from '../../../infra/local/stage.ts'
import { functionsOf } from '../../../infra/stack/functions.ts'
import { type Measured, page, perMillion } from './page.ts'
import { minus, times, type Usage } from './usage.ts'

/** Changes that are measured one at a time. */
const CHANGES = 200
/** Objects that are made at once. */
const BURST = 1000
/** Of idleness: how much faster time goes, for how many of its minutes. */
const SPEED = 30
const MINUTES = 20
const MONTH_MINUTES = 365.25 * 24 * 5

/** Bytes that Lambda itself writes of each invocation (START, END, REPORT). */
const PLATFORM_LINES = 350

/** A stage whose counters can be read. */
interface Metered {
  stage: Stage
  usage(): Promise<Usage>
  stop(): Promise<void>
}

async function metered(options: Partial<Parameters<typeof startStage>[0]>): Promise<Metered> {
  const dir = await mkdtemp(join(tmpdir(), 'heliograph-costs-'))
  let bytes = 0
  const onLine = (_: string, line: string) => {
    bytes += Buffer.byteLength(line) + 1
  }
  const stage = await startStage({ dir, auditBatchMaxWaitMs: 100, onLine, ...options })
  const { functions } = await readOwnService(stage.env)
  const usage = async (): Promise<Usage> => {
    const { functions: pools, bus, queues } = stage.host.stats()
    const all = Object.entries(pools)
    const invocations = all.reduce((sum, [, pool]) => sum + pool.invocations, 0)
    const gbSeconds = all.reduce((sum, [name, { billedMs }]) => {
      const { memory } = functions.find((fn) => fn.name === name)!
      return sum + (billedMs / 1000) * (memory / 1024)
    }, 0)
    const messages = Object.values(queues).reduce((sum, { sent }) => sum + sent, 0)
    const logBytes = bytes + invocations * PLATFORM_LINES
    return { events: bus.accepted, invocations, gbSeconds, schedules: 0, queueRequests: messages * 3, logBytes }
  }
  return {
    stage,
    usage,
    async stop() {
      await stage.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function during({ stage, usage }: Metered, act: () => Promise<void>): Promise<Usage> {
  await stage.host.drain(60_000)
  const before = await usage()
  await act()
  await stage.host.drain(60_000)
  return minus(await usage(), before)
}

async function reflections(): Promise<Measured['rows']> {
  const meter = await metered({ speed: 0, env: { NETWORKING_INTERNAL: 'false' } })
  try {
    const { rome, milan } = meter.stage.clusters
    const offloading = { apiVersion: 'offloading.liqo.io/v1beta1', kind: 'NamespaceOffloading', spec: {} }
    await rome!.kubectl(['create', 'namespace', 'shop'])
    const metadata = { name: 'offloading', namespace: 'shop' }
    await rome!.kubectl(['apply', '-f', '-'], JSON.stringify({ ...offloading, metadata }))
    await eventually('shop is there', () => milan!.kubectl.get('namespace', 'shop-rome'))
    const path = '/api/v1/namespaces/shop/configmaps'
    const object = (name: string, value: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'shop' },
      data: { value },
    })
    await rome!.cluster.call(path, { method: 'POST', body: object('one', '0') })
    await eventually('the copy', () => milan!.kubectl.get('configmap', 'one', 'shop-rome'))
    const shown = async (value: string) => {
      const { body } = await milan!.cluster.call('/api/v1/namespaces/shop-rome/configmaps/one')
      return (body as { data?: { value?: string } }).data?.value === value
    }
    const single = await during(meter, async () => {
      for (let change = 1; change <= CHANGES; change++) {
        const value = String(change)
        await rome!.cluster.call(`${path}/one`, { method: 'PUT', body: object('one', value) })
        await eventually('the change', () => shown(value))
      }
    })
    const burst = await during(meter, async () => {
      const names = Array.from({ length: BURST }, (_, index) => `burst-${index}`)
      while (names.length > 0) {
        const some = names.splice(0, 50)
        await Promise.all(some.map((name) => rome!.cluster.call(path, { method: 'POST', body: object(name, '0') })))
      }
      await eventually('all copies', async () => {
        const { body } = await milan!.cluster.call('/api/v1/namespaces/shop-rome/configmaps')
        return (body as { items: unknown[] }).items.length > BURST
      })
    })
    return [
      { what: 'a million changes, one at a time', usage: perMillion(single, CHANGES) },
      { what: `a million objects, ${BURST.toLocaleString('en-US')} at once`, usage: perMillion(burst, BURST) },
    ]
  } finally {
    await meter.stop()
  }
}

/** A month in which nothing is offloaded: heartbeats, token passes, sweeps. */
async function idle(mode: 'virtual-node' | 'gate'): Promise<Measured['rows'][number]> {
  const { env } = showcase(mode)
  const meter = await metered({ ...(env && { env }), speed: SPEED })
  try {
    await eventually('a first sweep', async () => (meter.stage.host.stats().functions.sweep?.invocations ?? 0) > 0)
    const before = await meter.usage()
    await sleep((MINUTES * 60_000) / SPEED)
    const usage = times(minus(await meter.usage(), before), MONTH_MINUTES / MINUTES)
    return { what: `an idle peering a month, ${mode}`, usage: { ...usage, schedules: schedulesAMonth() } }
  } finally {
    await meter.stop()
  }
}

function schedulesAMonth(): number {
  const minutes = Object.values(functionsOf({ environment: {} })).flatMap(({ every = '' }) => {
    const [, count] = /^rate\((\d+) minutes?\)$/.exec(every) ?? []
    return count === undefined ? [] : [Number(count)]
  })
  return minutes.reduce((sum, one) => sum + MONTH_MINUTES / one, 0)
}

/** Measures, and writes docs/costs.json and docs/costs.md. */
export async function costs(): Promise<void> {
  const measured: Measured = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${availableParallelism()} × ${cpus()[0]?.model?.trim()}, Node ${process.version}`,
    rows: [...(await reflections()), await idle('virtual-node'), await idle('gate')],
  }
  await writeFile(join(ROOT, 'docs', 'costs.json'), `${JSON.stringify(measured, null, 2)}\n`)
  await writeFile(join(ROOT, 'docs', 'costs.md'), page(measured))
}

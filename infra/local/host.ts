import type { Bundle } from '../bundle.ts'
import { type BusStats, createBus } from './events/bus.ts'
import type { Backoffs, Sender, Target } from './events/decide.ts'
import { createDeliverer, type Delivery } from './events/deliver.ts'
import { startEventsEndpoint } from './events/endpoint.ts'
import { type DeadLetter, openDeadLetters } from './events/letters.ts'
import { startFronts } from './host/fronts.ts'
import { functionConfig } from './host/functions.ts'
import { openQueues } from './host/queues.ts'
import { redrive } from './host/redrive.ts'
import type { Tls } from './http/front.ts'
import type { QueueStats } from './queues/queue.ts'
import { ensureRuntime } from './runtime/install.ts'
import type { Invocation } from './runtime/outcome.ts'
import { createPool, type Pool, type PoolStats } from './runtime/pool.ts'
import type { OnStream } from './runtime/stream.ts'
import { startClock } from './schedule/clock.ts'
import type { Service, ServiceFunction } from './service/read.ts'

export interface HostOptions {
  /** Of serverless.yml: functions, rules, routes and schedules. */
  service: Service
  /** Their code. A function without a bundle is an error. */
  bundles: Bundle[]
  /** Certificate of the fronts. */
  tls: Tls
  /** Folder of the dead letters; made when needed. */
  dlqDir: string
  /** Environment of every function, over what serverless.yml says. */
  env?: Record<string, string>
  /** Environment of single functions, over `env`. */
  envOf?: Record<string, Record<string, string>>
  /** Most sandboxes of a function: for all, or by function. Default 2, 10 where responses stream. */
  concurrency?: number | Record<string, number>
  /** Name or address in the fronts' URLs; must be in the certificate. Default 127.0.0.1. */
  host?: string
  /** Ports of the fronts of single functions; default any free one. */
  ports?: Readonly<Record<string, number>>
  /** Authorities (PEM) of the certificates that the fronts of single functions ask their callers for; none by default. */
  clientCas?: Readonly<Record<string, readonly string[]>>
  /** How much faster than real time schedules and queues run; 0: no schedules, queues in real time. Default 1. */
  speed?: number
  /** First waits before a retry, in ms; default as on AWS, 60,000 after a function's error. */
  backoffs?: Backoffs
  /** A sandbox idle for this long ends, in ms. Default 10 minutes. */
  idle?: number
  /** A line a function wrote. */
  onLine?(name: string, line: string): void
  /** A try at an asynchronous delivery has ended. */
  onDelivery?(delivery: Delivery): void
  /** What takes long at the start, in words. */
  onProgress?(text: string): void
}

export interface HostStats {
  functions: Record<string, PoolStats>
  bus: BusStats
  /** By name of the queue. */
  queues: Record<string, QueueStats>
  /** Asynchronous deliveries that have not come to an end. */
  pending: number
}

export interface Host {
  /** URL of the function `webhook`, without a slash at the end; undefined without such a function. */
  webhookUrl: string | undefined
  /** URL of each function that has one; HTTP API routes share one URL. */
  urls: Record<string, string>
  /** For AWS_ENDPOINT_URL; the functions have it in their environment. */
  eventsUrl: string
  /** Synchronous invocation. A function's error is an answer. */
  invoke(name: string, payload: unknown): Promise<Invocation>
  stats(): HostStats
  deadLetters: {
    list(): Promise<DeadLetter[]>
    /** Delivers dead letters again; resolves when each is delivered (and gone) or dead again. Tells how many of each. */
    redrive(): Promise<{ delivered: number; dead: number }>
  }
  /** Waits until no delivery is pending, at most `ms`; tells how many still are. */
  drain(ms?: number): Promise<number>
  /**
   * Stops schedules and fronts, drains for at most `drainMs` (default 0), then ends every process. What is still pending
   * becomes a dead letter (`HostStopped`): its number is returned.
   */
  stop(drainMs?: number): Promise<number>
}

/** Lambda, EventBridge and the HTTPS fronts of one service, on this machine. */
export async function startHost(options: HostOptions): Promise<Host> {
  const { service, dlqDir, tls, host = '127.0.0.1', speed = 1, backoffs, onDelivery } = options
  const ric = await ensureRuntime(options.onProgress)
  const targets = new Map(service.functions.map((fn) => [fn.name, fn]))
  const pools = new Map<string, Pool>()
  const invoke = async (name: string, payload: string, onStream?: OnStream) => {
    const pool = pools.get(name)
    if (!pool) throw new Error(`Function not found: ${name}`)
    return pool.invoke(payload, onStream)
  }
  const letters = openDeadLetters(dlqDir)
  const deliverer = createDeliverer({
    invoke,
    deadLetters: letters,
    ...(backoffs && { backoffs }),
    ...(onDelivery && { onDelivery }),
  })
  const send = (from: Sender, name: string, event: unknown) => deliverer.send(from, targetOf(targets, name), event)
  const bus = createBus(service.rules, service, (event, rule) => void send(rule, rule.target, event))
  // What is open when a later step fails (a port in use, a bundle missing) is closed again.
  await using opened = new AsyncDisposableStack()
  const queues = openQueues(service, invoke, speed || 1)
  opened.defer(queues.close)
  const endpoint = await startEventsEndpoint(bus, queues.calls)
  opened.defer(endpoint.close)
  for (const fn of service.functions) {
    const config = functionConfig(fn, endpoint.url, options)
    pools.set(
      fn.name,
      createPool(config, ric, (line) => options.onLine?.(fn.name, line)),
    )
  }
  const { ports = {}, clientCas = {} } = options
  const fronts = await startFronts({ service, tls, host, invoke, ports, clientCas })
  opened.defer(fronts.close)
  const clock =
    speed > 0
      ? startClock(
          service.schedules,
          service,
          speed,
          (schedule, payload) => void send(schedule, schedule.target, payload),
        )
      : undefined

  opened.move()
  return {
    webhookUrl: fronts.urls.webhook,
    urls: fronts.urls,
    eventsUrl: endpoint.url,
    invoke: (name, payload) => invoke(name, JSON.stringify(payload ?? null)),
    stats: () => ({
      functions: Object.fromEntries([...pools].map(([name, pool]) => [name, pool.stats()])),
      bus: bus.stats(),
      queues: queues.stats(),
      pending: deliverer.pending(),
    }),
    deadLetters: { list: letters.list, redrive: () => redrive(letters, service, send) },
    drain: deliverer.drain,
    async stop(drainMs = 0) {
      clock?.stop()
      queues.close()
      const closed = fronts.close()
      if (drainMs > 0) await deliverer.drain(drainMs)
      const ending = deliverer.stop()
      await Promise.all([...pools.values()].map((pool) => pool.stop()))
      await Promise.all([ending, closed])
      endpoint.close()
      // Once more: a function may have put an event just before its end.
      return deliverer.stop()
    },
  }
}

function targetOf(targets: Map<string, ServiceFunction>, name: string): Target {
  const { arn, retry, deadLetters } = targets.get(name) as ServiceFunction
  return { name, arn, retry, ...(deadLetters && { deadLetters }) }
}

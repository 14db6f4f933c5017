import { randomUUID } from 'node:crypto'
import type { FunctionConfig } from './function.ts'
import type { FunctionError, Invocation } from './outcome.ts'
import { InitError, openSandbox, type Sandbox } from './sandbox.ts'
import type { OnStream } from './stream.ts'

/** The function runs as often at a time as its reserved concurrency allows: the invocation was not taken. */
export class ThrottledError extends Error {
  override name = 'TooManyRequestsException'

  constructor(fn: string) {
    super(`${fn}: Rate Exceeded.`)
  }
}

/** The host is shutting down: the invocation was not answered, and may or may not have run. */
export class StoppedError extends Error {
  override name = 'StoppedError'
}

export interface PoolStats {
  invocations: number
  /** Of these: answered with an error. */
  errors: number
  /** Not taken, over the reserved concurrency. */
  throttles: number
  /** Sandboxes started since the beginning. */
  starts: number
  /** Time in sandboxes as Lambda bills it: each invocation by itself, in whole ms. */
  billedMs: number
  /** Now: waiting for a sandbox, processes, and of these idle ones. */
  queued: number
  sandboxes: number
  idle: number
}

/** The sandboxes of one function. */
export interface Pool {
  /**
   * Runs the function, in an idle sandbox or a new one; waits when all are busy. First come, first served.
   * @param payload JSON text
   * @throws StoppedError, ThrottledError; a failing function is an answer
   */
  invoke(payload: string, onStream?: OnStream): Promise<Invocation>
  stats(): PoolStats
  /** Kills every sandbox, and resolves when they are gone. */
  stop(): Promise<void>
}

interface Job {
  requestId: string
  payload: string
  answer: PromiseWithResolvers<Invocation>
  onStream?: OnStream | undefined
}

/** What the pool knows of a sandbox; `it` is there from the first sign of life. */
interface Slot {
  opening: Promise<Sandbox>
  it?: Sandbox
  used: boolean
  reaper?: NodeJS.Timeout
}

export function createPool(fn: FunctionConfig, ric: string, onLine: (line: string) => void): Pool {
  const jobs: Job[] = []
  const slots = new Set<Slot>()
  // The last one used comes first: the others may then rest long enough to be ended.
  const idle: Slot[] = []
  const counts = { invocations: 0, errors: 0, throttles: 0, starts: 0, billedMs: 0 }
  let open = 0
  let starting = 0
  let stopped = false

  const settle = (job: Job, payload: string, failed: boolean, ms: number, cold: boolean) => {
    counts.invocations++
    counts.billedMs += Math.ceil(ms)
    if (failed) counts.errors++
    open--
    const { requestId, answer } = job
    answer.resolve({ requestId, payload, ...(failed && { functionError: 'Unhandled' }), ms, cold })
  }

  const run = async (slot: Slot, job: Job) => {
    clearTimeout(slot.reaper)
    const cold = !slot.used
    slot.used = true
    const began = performance.now()
    const { payload, failed } = await (slot.it as Sandbox).invoke(job.requestId, job.payload, job.onStream)
    settle(job, payload, failed, performance.now() - began, cold)
  }

  const dispatch = () => {
    while (jobs.length > 0 && idle.length > 0) void run(idle.pop() as Slot, jobs.shift() as Job)
    while (!stopped && starting < jobs.length && slots.size < fn.sandboxes) void start()
  }

  const rest = (slot: Slot) => {
    idle.push(slot)
    dispatch()
    if (idle.includes(slot)) slot.reaper = setTimeout(() => void slot.it?.stop(), fn.idle).unref()
  }

  const forget = (slot: Slot) => {
    clearTimeout(slot.reaper)
    slots.delete(slot)
    const at = idle.indexOf(slot)
    if (at >= 0) idle.splice(at, 1)
    dispatch()
  }

  const start = async () => {
    const began = performance.now()
    counts.starts++
    starting++
    const opening = openSandbox(fn, ric, { onLine, onIdle: () => rest(slot), onExit: () => forget(slot) })
    const slot: Slot = { opening, used: false }
    slots.add(slot)
    try {
      slot.it = await opening
      await slot.it.ready
    } catch (error) {
      // One failed start fails one invocation, as on Lambda, where each brings its own sandbox. The place is free
      // again when the process has gone.
      const job = jobs.shift()
      if (job) settle(job, initFailure(error, job.requestId), true, performance.now() - began, true)
      if (!slot.it) forget(slot)
    } finally {
      starting--
      dispatch()
    }
  }

  return {
    async invoke(payload, onStream) {
      if (stopped) throw new StoppedError(`${fn.name}: the host is stopping`)
      if (open >= (fn.reserved ?? Number.POSITIVE_INFINITY)) {
        counts.throttles++
        throw new ThrottledError(fn.name)
      }
      open++
      const job: Job = { requestId: randomUUID(), payload, answer: Promise.withResolvers(), onStream }
      jobs.push(job)
      dispatch()
      return job.answer.promise
    },
    stats: () => ({ ...counts, queued: jobs.length, sandboxes: slots.size, idle: idle.length }),
    async stop() {
      stopped = true
      const error = new StoppedError(`${fn.name}: the host is stopping`)
      for (const job of jobs.splice(0)) job.answer.reject(error)
      await Promise.allSettled([...slots].map(async ({ opening }) => (await opening).stop()))
    },
  }
}

function initFailure(error: unknown, requestId: string): string {
  const payload: FunctionError =
    error instanceof InitError
      ? error.payload(requestId)
      : { errorType: 'Runtime.Unknown', errorMessage: `${error instanceof Error ? error.message : error}` }
  return JSON.stringify(payload)
}

import { setTimeout as wait } from 'node:timers/promises'
import type { Invocation } from '../runtime/outcome.ts'
import { ThrottledError } from '../runtime/pool.ts'
import {
  type Backoffs,
  causeOf,
  decide,
  type Failure,
  failureText,
  type Sender,
  type Standing,
  stopped,
  type Target,
} from './decide.ts'
import type { DeadLetters, LetterMessage } from './letters.ts'

/** One try at one delivery, for display and tests. */
export interface Delivery {
  function: string
  /** ARN of the rule, the schedule or the queue it came from. */
  from: string
  event: unknown
  /** From 1. */
  attempt: number
  /** `dropped`: given up with no dead-letter queue. */
  result: 'done' | 'retry' | 'dead' | 'dropped'
  /** From acceptance until this try ended, in ms; of this in the sandbox. */
  ms: number
  inSandbox: number
  error?: string
}

export interface DelivererOptions {
  /** Runs a function by name; a rejection means that Lambda did not take the event, or is ThrottledError. */
  invoke(name: string, payload: string): Promise<Invocation>
  deadLetters: Pick<DeadLetters, 'put'>
  /** Default: 60,000 ms after the function failed (Lambda's), 1,000 ms when the event was not taken. */
  backoffs?: Backoffs
  onDelivery?(delivery: Delivery): void
  /** 0..1, for the jitter. */
  random?(): number
}

/** Asynchronous delivery as EventBridge and Lambda's event queue do it together: at least once, in no order. */
export interface Deliverer {
  /** Tries until the event is delivered or given up into the dead letters; resolves then, with the last result. */
  send(from: Sender, to: Target, event: unknown): Promise<Delivery['result']>
  /** Events that have not come to an end. */
  pending(): number
  /** Waits until nothing is pending, at most `ms`; tells how many still are. */
  drain(ms?: number): Promise<number>
  /**
   * No more tries: what is pending becomes a dead letter, `HostStopped`; tells how many. Resolves when the running
   * invocations have ended too, so end them first.
   */
  stop(): Promise<number>
}

export function createDeliverer(options: DelivererOptions): Deliverer {
  const { backoffs = { function: 60_000, handover: 1000 }, random = Math.random, onDelivery = () => {} } = options
  const pending = new Set<Promise<unknown>>()
  const stopping = new AbortController()
  let left = 0

  const tryOnce = (name: string, payload: string): Promise<Failure> =>
    options.invoke(name, payload).then(
      (answer) => ({ answer }),
      (cause) => {
        if (cause instanceof ThrottledError) return { throttle: cause }
        return { refusal: cause instanceof Error ? cause : new Error(String(cause)) }
      },
    )

  const leave = (standing: Standing) => {
    left++
    return stopped(standing)
  }

  /** Tells why a letter could not be written: a full disk must not end the host. */
  const bury = (letter: LetterMessage): Promise<string | undefined> =>
    options.deadLetters.put(letter).then(
      () => undefined,
      (cause) => `no dead letter: ${cause instanceof Error ? cause.message : cause}`,
    )

  const deliver = async (from: Sender, to: Target, event: unknown): Promise<Delivery['result']> => {
    const payload = JSON.stringify(event)
    const began = performance.now()
    const failures = { function: 0, throttle: 0, handover: 0 }
    for (let attempt = 1; ; attempt++) {
      const failure = await tryOnce(to.name, payload)
      const age = performance.now() - began
      const inSandbox = 'answer' in failure ? failure.answer.ms : 0
      const seen = { function: to.name, from: from.arn, event, attempt, ms: age, inSandbox }
      if ('answer' in failure && !failure.answer.functionError) {
        onDelivery({ ...seen, result: 'done' })
        return 'done'
      }
      failures[causeOf(failure)]++
      const standing: Standing = { from, to, payload, failure, failures, age }
      const error = failureText(failure)
      const step = stopping.signal.aborted ? undefined : decide(standing, backoffs, random())
      if (step && 'wait' in step) {
        onDelivery({ ...seen, result: 'retry', error })
        if (await rested(step.wait, stopping.signal)) continue
      }
      const letter = step && 'letter' in step ? step.letter : leave(standing)
      const unwritten = letter && (await bury(letter))
      const result = letter && !unwritten ? 'dead' : 'dropped'
      onDelivery({ ...seen, result, error: unwritten ? `${error}; ${unwritten}` : error })
      return result
    }
  }

  return {
    send(from, to, event) {
      const delivery = deliver(from, to, event).finally(() => pending.delete(settled))
      const settled: Promise<unknown> = delivery.catch(() => {})
      pending.add(settled)
      return delivery
    },
    pending: () => pending.size,
    async drain(ms = 2 ** 31 - 1) {
      const { promise: over, resolve } = Promise.withResolvers<void>()
      let late = false
      const timer = setTimeout(() => {
        late = true
        resolve()
      }, ms)
      while (pending.size > 0 && !late) await Promise.race([Promise.all(pending), over])
      clearTimeout(timer)
      return pending.size
    },
    async stop() {
      stopping.abort()
      while (pending.size > 0) await Promise.all(pending)
      return left
    },
  }
}

/** Waits; false when it was cut short. */
const rested = (ms: number, signal: AbortSignal) => wait(ms, true, { signal }).catch(() => false)

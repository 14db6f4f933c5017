import { setTimeout as sleep } from 'node:timers/promises'

type Falsy = false | 0 | '' | null | undefined

/** A condition did not come true in time; `last` says how things stood. */
export class TimeoutError extends Error {
  constructor(what: string, ms: number, last: unknown) {
    super(`${what}: not so after ${ms} ms; last seen: ${describe(last)}`)
    this.name = 'TimeoutError'
  }
}

/**
 * Looks again and again until `look` returns something true.
 * @param ms when to give up; generous, since a loaded machine is slow and a true condition never waits
 */
export async function eventually<T>(what: string, look: () => Promise<T>, ms = 120_000): Promise<Exclude<T, Falsy>> {
  const end = Date.now() + ms
  for (;;) {
    let seen: unknown
    try {
      const value = await look()
      if (value) return value as Exclude<T, Falsy>
      seen = value
    } catch (error) {
      seen = error
    }
    if (Date.now() > end) throw new TimeoutError(what, ms, seen)
    await sleep(50)
  }
}

function describe(value: unknown): string {
  return value instanceof Error ? value.message : JSON.stringify(value)
}

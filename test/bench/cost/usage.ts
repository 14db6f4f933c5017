/** What the services of AWS count of the functions' work. */
export interface Usage {
  /** Custom events put on the bus. */
  events: number
  /** Invocations of Lambda. */
  invocations: number
  /** Of Lambda: memory times billed time. */
  gbSeconds: number
  /** Invocations by schedules. */
  schedules: number
  /** Requests to queues: a message is sent, received and deleted. */
  queueRequests: number
  /** Of logs that are taken in. */
  logBytes: number
}

/** Usage in USD. */
export type Prices = Readonly<Record<keyof Usage, Price>>

export interface Price {
  usd: number
  /** For so many of what is counted. */
  per: number
  /** For people, e.g. `million events`. */
  unit: string
  source: string
  /** When the source said so. */
  date: string
}

export function times(usage: Usage, factor: number): Usage {
  return map(usage, (count) => count * factor)
}

export function minus(after: Usage, before: Usage): Usage {
  return map(after, (count, what) => count - before[what])
}

/** @returns USD of each item */
export function costOf(usage: Usage, prices: Prices): Usage {
  return map(usage, (count, what) => (count * prices[what].usd) / prices[what].per)
}

export function sumOf(usage: Usage): number {
  return Object.values(usage).reduce((sum, value: number) => sum + value, 0)
}

function map(usage: Usage, of: (count: number, what: keyof Usage) => number): Usage {
  return Object.fromEntries(
    Object.entries(usage).map(([what, count]) => [what, of(count as number, what as keyof Usage)]),
  ) as unknown as Usage
}

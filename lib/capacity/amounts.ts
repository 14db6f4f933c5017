import { type Nano, toNano } from './quantity.ts'

/** Amounts by resource name, e.g. `{ cpu: 2_000_000_000n }` for two cores. */
export type Amounts = Readonly<Record<string, Nano>>

/** Of a resource list as the API has it; what is no quantity is left out. */
export function toAmounts(list: unknown): Amounts {
  const found: Record<string, Nano> = {}
  for (const [resource, quantity] of Object.entries((list ?? {}) as Record<string, unknown>)) {
    const amount = toNano(quantity)
    if (amount !== undefined) found[resource] = amount
  }
  return found
}

/** Resource by resource; what only one of them names counts as it is. */
export function plus(a: Amounts, b: Amounts): Amounts {
  return combined(a, b, (x, y) => x + y)
}

/** `b` off `a`, over the resources of `a` alone; may be negative. */
export function minus(a: Amounts, b: Amounts): Amounts {
  return Object.fromEntries(Object.entries(a).map(([resource, amount]) => [resource, amount - (b[resource] ?? 0n)]))
}

/** The larger of both, resource by resource. */
export function most(a: Amounts, b: Amounts): Amounts {
  return combined(a, b, larger)
}

/** So many hundredths of it, rounded down; nothing of what is negative. */
export function share(amounts: Amounts, percent: number): Amounts {
  const entries = Object.entries(amounts)
  return Object.fromEntries(entries.map(([name, all]) => [name, all > 0n ? (all * BigInt(percent)) / 100n : 0n]))
}

export function sum(all: Iterable<Amounts>): Amounts {
  let total: Amounts = {}
  for (const amounts of all) total = plus(total, amounts)
  return total
}

/** Math.max takes no bigint. */
function larger(x: Nano, y: Nano): Nano {
  if (x > y) return x
  return y
}

function combined(a: Amounts, b: Amounts, of: (x: Nano, y: Nano) => Nano): Amounts {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return Object.fromEntries([...names].map((name) => [name, of(a[name] ?? 0n, b[name] ?? 0n)]))
}

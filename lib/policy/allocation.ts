import { type Family, familyName, type Unreadable } from './address.ts'
import {
  type Cidr,
  encloses,
  formatCidr,
  halvesOf,
  isSameNetwork,
  networkOf,
  overlaps,
  parseCidr,
  subtract,
} from './cidr.ts'

/**
 * Which networks are in use: plain JSON, never changed in place. Networks are handed out of the pools, first pool
 * first; `taken` are pairwise disjoint and lie inside a pool or outside all of them.
 * e.g. `{ pools: ['10.0.0.0/8'], taken: ['10.244.0.0/16', '203.0.113.0/24'] }`.
 * The rules are those of Liqo v0.8.3 (`liqonet/ipam`, on metal-stack/go-ipam), for IPv6 too.
 */
export interface Allocation {
  readonly pools: readonly string[]
  readonly taken: readonly string[]
}

/** A step that succeeded: the next state, and the network it is about, as given where it was given. */
export interface Granted {
  readonly allocation: Allocation
  readonly cidr: string
}

/** A step that could not be done, and why; the state stays as it was. */
export interface Denied {
  readonly denied: string
}

/** Liqo's three, in Liqo's order, and one of unique local addresses (RFC 4193). */
export const DEFAULT_POOLS = ['10.0.0.0/8', '192.168.0.0/16', '172.16.0.0/12', 'fd68:656c::/32'] as const

export function emptyAllocation(pools: readonly string[] = DEFAULT_POOLS): Allocation {
  return { pools, taken: [] }
}

/**
 * A network of `length` bits, out of the first pool that can give one. In a pool the tightest free block is cut, and
 * of equally tight ones the lowest: with 10.96.0.0/12 and 10.244.0.0/16 taken, /16 gives 10.245.0.0/16.
 * A pool never gives a network of its own length: 192.168.0.0/16 gives no /16.
 */
export function alloc(allocation: Allocation, length: number, family: Family = 4): Granted | Denied {
  return withNetworks(allocation, ({ pools, taken }) => {
    for (const pool of pools.filter((candidate) => candidate.family === family && candidate.length < length)) {
      const fitting = subtract(pool, taken).filter((block) => block.length <= length)
      const tightest = Math.max(...fitting.map((block) => block.length))
      const block = fitting.find((candidate) => candidate.length === tightest)
      if (block !== undefined) return take(allocation, [{ ...block, length }])
    }
    return { denied: `no ${familyName(family)} network of /${length} is free` }
  })
}

/** Takes this very network; a pool's own network is taken as its two halves. Denied when any part is in use. */
export function reserve(allocation: Allocation, text: string): Granted | Denied {
  return withNetworks(allocation, ({ pools, taken }) => {
    const cidr = parseCidr(text)
    if ('unreadable' in cidr) return { denied: cidr.unreadable }
    const user = taken.find((other) => overlaps(other, cidr))
    if (user !== undefined) return { denied: `${text} overlaps ${formatCidr(user)}, which is in use` }
    const pool = pools.find((other) => overlaps(other, cidr) && !encloses(other, cidr))
    if (pool !== undefined) return { denied: `${text} contains the pool ${formatCidr(pool)}` }
    return take(allocation, asTaken(pools, cidr), text)
  })
}

/**
 * The peer's network under its own name where that is free, else another of the same length. A network equal to a
 * pool is renamed if any pool can; the text comes back as given when the name is kept.
 */
export function getOrRemap(allocation: Allocation, text: string): Granted | Denied {
  return withNetworks(allocation, ({ pools }) => {
    const cidr = parseCidr(text)
    if ('unreadable' in cidr) return { denied: cidr.unreadable }
    const keep = () => reserve(allocation, text)
    const rename = () => alloc(allocation, cidr.length, cidr.family)
    const [first, second] = pools.some((pool) => isSameNetwork(pool, cidr)) ? [rename, keep] : [keep, rename]
    const granted = first()
    return 'denied' in granted ? second() : granted
  })
}

/** Gives a network back; one that is not taken is no error, so that a step can be repeated. */
export function free(allocation: Allocation, text: string): Allocation {
  const networks = read(allocation)
  const cidr = parseCidr(text)
  if ('denied' in networks || 'unreadable' in cidr) return allocation
  const gone = new Set([networkOf(cidr), ...asTaken(networks.pools, cidr)].map(formatCidr))
  return { ...allocation, taken: allocation.taken.filter((network) => !gone.has(network)) }
}

interface Networks {
  readonly pools: readonly Cidr[]
  readonly taken: readonly Cidr[]
}

function take(allocation: Allocation, networks: readonly Cidr[], cidr = formatCidr(networks[0]!)): Granted {
  return { allocation: { ...allocation, taken: [...allocation.taken, ...networks.map(formatCidr)] }, cidr }
}

function asTaken(pools: readonly Cidr[], cidr: Cidr): readonly Cidr[] {
  const halves = pools.some((pool) => isSameNetwork(pool, cidr)) ? halvesOf(cidr) : undefined
  return halves ?? [networkOf(cidr)]
}

function withNetworks(allocation: Allocation, step: (networks: Networks) => Granted | Denied): Granted | Denied {
  const networks = read(allocation)
  return 'denied' in networks ? networks : step(networks)
}

/** A stored network that cannot be read stops everything: leaving it out would hand it out a second time. */
function read({ pools, taken }: Allocation): Networks | Denied {
  const parsed = { pools: pools.map(parseCidr), taken: taken.map(parseCidr) }
  const broken = [...parsed.pools, ...parsed.taken].find((cidr) => 'unreadable' in cidr)
  return broken === undefined
    ? (parsed as Networks)
    : { denied: `stored network: ${(broken as Unreadable).unreadable}` }
}

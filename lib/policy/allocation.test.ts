import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Allocation,
  alloc,
  DEFAULT_POOLS,
  type Denied,
  emptyAllocation,
  free,
  type Granted,
  getOrRemap,
  reserve,
} from './allocation.ts'
import { type Cidr, overlaps, parseCidr } from './cidr.ts'

function taken(...networks: string[]): Allocation {
  return { pools: DEFAULT_POOLS, taken: networks }
}

/** The network that was granted, or `denied`. */
function answer(result: Granted | Denied): string {
  return 'denied' in result ? 'denied' : result.cidr
}

test.each([
  { used: [], length: 16, want: '10.0.0.0/16' },
  { used: ['10.200.0.0/16'], length: 16, want: '10.201.0.0/16' },
  { used: ['10.244.0.0/16', '10.96.0.0/12'], length: 16, want: '10.245.0.0/16' },
  { used: ['10.244.0.0/16', '10.96.0.0/16'], length: 16, want: '10.97.0.0/16' },
  { used: ['10.96.0.0/12', '10.244.0.0/14'], length: 16, want: '10.240.0.0/16' },
  { used: ['10.0.0.0/9', '10.128.0.0/9'], length: 16, want: '172.16.0.0/16' },
  { used: ['10.0.0.0/9', '10.128.0.0/9'], length: 24, want: '192.168.0.0/24' },
  { used: [], length: 8, want: 'denied' },
])('of /$length with $used taken: $want', ({ used, length, want }) => {
  expect(answer(alloc(taken(...used), length))).toBe(want)
})

test('IPv6 has a pool of its own', () => {
  expect(answer(alloc(taken(), 56, 6))).toBe('fd68:656c::/56')
  expect(answer(alloc({ pools: ['10.0.0.0/8'], taken: [] }, 56, 6))).toBe('denied')
})

test.each([
  { used: [], network: '10.1.0.0/16', kept: true, remapped: '10.1.0.0/16' },
  { used: ['10.1.0.0/16'], network: '10.1.0.0/16', kept: false, remapped: '10.0.0.0/16' },
  { used: ['10.1.0.0/16'], network: '10.1.2.0/24', kept: false, remapped: '10.0.0.0/24' },
  { used: ['10.1.2.0/24'], network: '10.1.0.0/16', kept: false, remapped: '10.0.0.0/16' },
  { used: [], network: '203.0.113.0/24', kept: true, remapped: '203.0.113.0/24' },
  { used: ['203.0.113.0/25'], network: '203.0.113.0/24', kept: false, remapped: '10.0.0.0/24' },
  { used: [], network: '8.0.0.0/6', kept: false, remapped: 'denied' },
  { used: [], network: '10.0.0.0/8', kept: true, remapped: '10.0.0.0/8' },
  { used: [], network: '172.16.0.0/12', kept: true, remapped: '10.0.0.0/12' },
  { used: [], network: '10.50.3.4/16', kept: true, remapped: '10.50.3.4/16' },
  { used: [], network: 'None', kept: false, remapped: 'denied' },
])('$network with $used taken: reserved $kept, else $remapped', ({ used, network, kept, remapped }) => {
  expect(answer(reserve(taken(...used), network))).toBe(kept ? network : 'denied')
  expect(answer(getOrRemap(taken(...used), network))).toBe(remapped)
})

test("a pool's own network is taken as its halves and given back whole", () => {
  const { allocation } = reserve(taken(), '10.0.0.0/8') as Granted
  expect(allocation.taken).toEqual(['10.0.0.0/9', '10.128.0.0/9'])
  expect(free(allocation, '10.0.0.0/8')).toEqual(taken())
})

test('giving back is repeatable, and only for the very network', () => {
  expect(free(taken('10.1.0.0/16'), '10.1.0.0/24')).toEqual(taken('10.1.0.0/16'))
  expect(free(taken('10.1.0.0/16'), '10.1.2.3/16')).toEqual(taken())
  expect(free(taken(), '10.1.0.0/16')).toEqual(taken())
  expect(free(taken(), 'x')).toEqual(taken())
})

test('a stored network that cannot be read stops everything', () => {
  for (const step of [
    alloc(taken('x'), 16),
    reserve(taken('x'), '10.0.0.0/16'),
    getOrRemap(taken('x'), '10.0.0.0/16'),
  ]) {
    expect(step).toEqual({ denied: 'stored network: "x" is not a CIDR' })
  }
  expect(free(taken('x', '10.0.0.0/16'), '10.0.0.0/16')).toEqual(taken('x', '10.0.0.0/16'))
})

/** The naive model: one flag an address of 10.0.0.0/24 and 10.0.9.0/25, blocks found by trying them all. */
const POOLS = [
  { base: 0, length: 24 },
  { base: 9 * 256, length: 25 },
] as const
const pools = ['10.0.0.0/24', '10.0.9.0/25']

function naiveAlloc(used: ReadonlySet<number>, length: number): string {
  for (const pool of POOLS) {
    if (pool.length >= length) continue
    for (let blockLength = length; blockLength > pool.length - 1; blockLength--) {
      const size = 2 ** (32 - blockLength)
      for (let start = pool.base; start < pool.base + 2 ** (32 - pool.length); start += size) {
        const parent = start - (start % (size * 2))
        const parentFree = blockLength > pool.length && isFree(used, parent, size * 2)
        if (isFree(used, start, size) && !parentFree) return `10.0.${start >> 8}.${start & 255}/${length}`
      }
    }
  }
  return 'denied'
}

function isFree(used: ReadonlySet<number>, start: number, size: number): boolean {
  return !Array.from({ length: size }, (_, index) => start + index).some((address) => used.has(address))
}

const length = fc.integer({ min: 23, max: 32 })
const step = fc.oneof(
  fc.record({ kind: fc.constant('alloc' as const), length }),
  fc.record({ kind: fc.constant('remap' as const), host: fc.nat({ max: 255 }), length }),
  fc.record({ kind: fc.constant('free' as const), index: fc.nat({ max: 20 }) }),
)

test('agrees with the naive model, never overlaps, and gives the same again', () => {
  const holds = (steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) => {
    let allocation = emptyAllocation(pools)
    for (const each of steps) {
      const used = addresses(allocation.taken)
      if (each.kind === 'free') {
        const given = allocation.taken[each.index]
        if (given !== undefined) allocation = free(allocation, given)
        continue
      }
      const run = () =>
        each.kind === 'alloc'
          ? alloc(allocation, each.length)
          : getOrRemap(allocation, `10.0.0.${each.host}/${each.length}`)
      const result = run()
      if (each.kind === 'alloc') expect(answer(result)).toBe(naiveAlloc(used, each.length))
      expect(run()).toEqual(result)
      if ('allocation' in result) allocation = result.allocation
      const networks = allocation.taken.map((text) => parseCidr(text) as Cidr)
      expect(networks.some((one, index) => networks.slice(index + 1).some((other) => overlaps(one, other)))).toBe(false)
    }
  }
  fc.assert(fc.property(fc.array(step, { maxLength: 20 }), holds), { numRuns: 300 })
})

function addresses(networks: readonly string[]): Set<number> {
  return new Set(
    networks.flatMap((text) => {
      const { bits, length } = parseCidr(text) as Cidr
      return Array.from({ length: 2 ** (32 - length) }, (_, index) => Number(bits & 0xffffn) + index)
    }),
  )
}

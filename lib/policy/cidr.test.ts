import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Address, type Family, formatAddress, parseAddress, WIDTH } from './address.ts'
import {
  type Cidr,
  contains,
  firstAddress,
  formatCidr,
  halvesOf,
  lastAddress,
  networkOf,
  nextNetwork,
  overlaps,
  parseCidr,
  remap,
  subtract,
} from './cidr.ts'

function cidr(text: string): Cidr {
  return parseCidr(text) as Cidr
}

function ip(text: string): Address {
  return parseAddress(text) as Address
}

test.each(['', '/', '10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/08', '10.0.0.0/-1', '10.0.0.0/8/8', 'None'])(
  '%j is no CIDR',
  (text) => expect(parseCidr(text)).toHaveProperty('unreadable'),
)

test.each([
  '::/129',
  '::ffff:1.2.3.4/120',
  'fe80::%1/64',
  '10..0/25',
  '10.0.0.0/8 ',
  '10.0.0.0/1e1',
  `/${'9'.repeat(999)}`,
])('%j is no CIDR either', (text) => expect(parseCidr(text)).toHaveProperty('unreadable'))

test('host bits of a CIDR are kept as written until the network is asked for', () => {
  expect(formatCidr(cidr('10.50.3.4/16'))).toBe('10.50.3.4/16')
  expect(formatCidr(networkOf(cidr('10.50.3.4/16')))).toBe('10.50.0.0/16')
  expect(formatAddress(firstAddress(cidr('fd00::12/120')))).toBe('fd00::')
  expect(formatAddress(lastAddress(cidr('fd00::12/120')))).toBe('fd00::ff')
})

test.each([
  { address: '10.1.130.9', into: '172.20.64.0/18', want: '172.20.66.9' },
  { address: '10.1.2.9', into: '10.80.5.7/24', want: '10.80.5.15' },
  { address: '10.1.2.3', into: '0.0.0.0/0', want: '10.1.2.3' },
  { address: '10.1.2.3', into: '10.80.1.1/32', want: '10.80.1.1' },
  { address: '2001:db8:abcd:1234::1', into: '2001:db8::/57', want: '2001:db8:0:34::1' },
  { address: '10.1.2.3', into: 'fd00::/96', want: 'fd00::a01:203' },
  { address: 'fd00::1', into: '10.0.0.0/8', want: undefined },
])('$address in $into is $want', ({ address, into, want }) => {
  const remapped = remap(ip(address), cidr(into))
  expect(remapped && formatAddress(remapped)).toBe(want)
})

test('next network and halves', () => {
  const next = (text: string) => nextNetwork(cidr(text))
  expect(formatCidr(next('10.0.0.5/24')!)).toBe('10.0.1.0/24')
  expect([next('255.255.255.0/24'), next('0.0.0.0/0')]).toEqual([undefined, undefined])
  expect(halvesOf(cidr('10.0.0.77/24'))!.map(formatCidr)).toEqual(['10.0.0.0/25', '10.0.0.128/25'])
  expect(halvesOf(cidr('::1/128'))).toBeUndefined()
})

test('what is left of a network comes as its minimal list in address order', () => {
  const left = subtract(cidr('10.0.0.0/8'), ['10.96.0.0/12', '10.244.0.0/14', '11.0.0.0/8'].map(cidr))
  expect(subtract(cidr('10.0.0.0/24'), [cidr('10.0.0.0/8')])).toEqual([])
  expect(left.map(formatCidr)).toEqual(
    ['10.0.0.0/10', '10.64.0.0/11', '10.112.0.0/12', '10.128.0.0/10', '10.192.0.0/11', '10.224.0.0/12'].concat(
      '10.240.0.0/14',
      '10.248.0.0/13',
    ),
  )
})

const anyCidr = fc.constantFrom<Family>(4, 6).chain((family) =>
  fc.record({
    family: fc.constant(family),
    bits: fc.bigInt({ min: 0n, max: 2n ** BigInt(WIDTH[family]) - 1n }),
    length: fc.nat({ max: WIDTH[family] }),
  }),
)
const size = ({ family, length }: Cidr) => 2n ** BigInt(WIDTH[family] - length)
const start = (network: Cidr) => network.bits - (network.bits % size(network))

test('text and CIDR are the same thing', () => {
  const roundTrip = (network: Cidr) => {
    expect(parseCidr(formatCidr(network))).toEqual(network)
  }
  // ::ffff:0:0/96 is refused as text.
  fc.assert(
    fc.property(
      anyCidr.filter(({ family, bits }) => family === 4 || bits >> 32n !== 0xffffn),
      roundTrip,
    ),
  )
})

test('agrees with plain arithmetic', () => {
  const agree = (a: Cidr, b: Cidr) => {
    const [from, to] = [start(a), start(a) + size(a)]
    const comparable = a.family === b.family
    expect([firstAddress(a).bits, lastAddress(a).bits + 1n, networkOf(a).bits]).toEqual([from, to, from])
    expect(contains(a, b)).toBe(comparable && b.bits >= from && b.bits < to)
    expect(overlaps(a, b)).toBe(comparable && start(b) < to && from < start(b) + size(b))
    if (comparable) expect(remap(b, networkOf(a))!.bits).toBe(from + (b.bits % size(a)))
  }
  fc.assert(fc.property(anyCidr, anyCidr, agree), { numRuns: 1_000 })
})

test('no remapped address leaves its CIDR, and none is shared by two', () => {
  const stays = (target: Cidr, a: bigint, b: bigint) => {
    const of = (offset: bigint) => remap({ family: target.family, bits: offset % size(target) }, networkOf(target))!
    expect(contains(target, of(a))).toBe(true)
    expect(of(a).bits === of(b).bits).toBe(a % size(target) === b % size(target))
  }
  fc.assert(
    fc.property(anyCidr, fc.bigInt({ min: 0n, max: 2n ** 128n }), fc.bigInt({ min: 0n, max: 2n ** 128n }), stays),
  )
})

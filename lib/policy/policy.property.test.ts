import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Address, type Family, formatAddress, parseAddress, WIDTH } from './address.ts'
import { specialOf } from './allow-list.ts'
import { type Cidr, formatCidr } from './cidr.ts'
import { addressesTowardsRemote, podIPsAtHome } from './lists.ts'
import { addressTowardsRemote, podIPAtHome, policyOf } from './policy.ts'

const networking = { internal: true, reflectIPs: true }

/** A network of ordinary addresses. IPv4: in 10/8, IPv6: in fd68::/16; the first 16 bits of what follows are given. */
function network(family: Family, number: number, length: number): Cidr {
  const width = BigInt(WIDTH[family])
  const size = 2n ** (width - BigInt(length))
  const bits = family === 4 ? (10n << 24n) + (BigInt(number) << 8n) : (0xfd68n << 112n) + (BigInt(number) << 96n)
  return { family, bits: bits - (bits % size), length }
}

/** Pod CIDRs of both families, one other name each; lengths alike as negotiation makes them. */
const plan = fc
  .record({
    pods: fc.tuple(fc.nat({ max: 0xffff }), fc.nat({ max: 0xffff })),
    names: fc.tuple(fc.nat({ max: 0xffff }), fc.nat({ max: 0xffff })),
    lengths: fc.tuple(fc.integer({ min: 12, max: 24 }), fc.integer({ min: 20, max: 96 })),
  })
  .map(({ pods, names, lengths }) => ({
    pods: [network(4, pods[0], lengths[0]), network(6, pods[1], lengths[1])],
    names: [network(4, names[0], lengths[0]), network(6, names[1], lengths[1])],
  }))

interface Pair {
  pods: Cidr[]
  names: Cidr[]
}

function policyFor({ pods, names }: Pair, back: Pair = { pods: names, names: pods }) {
  const planned = (id: string, own: Pair) => {
    const seenAs = { podCIDRs: own.names.map(formatCidr), externalCIDRs: [] }
    return { id, networking, plan: { podCIDRs: own.pods.map(formatCidr), externalCIDRs: [], serviceCIDRs: [], seenAs } }
  }
  return policyOf(planned('rome', { pods, names }), planned('milan', back))
}

/** The address at an offset into a network, by plain arithmetic. */
function at(cidr: Cidr, offset: bigint): string {
  return formatAddress({
    family: cidr.family,
    bits: cidr.bits + (offset % 2n ** BigInt(WIDTH[cidr.family] - cidr.length)),
  })
}

const offset = fc.bigInt({ min: 0n, max: 2n ** 128n })
const which = fc.constantFrom(0, 1)

test('a pod has the same offset under its other name: the naive model', () => {
  const agrees = (pair: Pair, family: number, step: bigint) => {
    const [own, name] = [pair.pods[family]!, pair.names[family]!]
    expect(addressTowardsRemote(policyFor(pair), at(own, step))).toEqual({ address: at(name, step) })
    expect(podIPAtHome(policyFor(pair, pair), at(own, step))).toEqual({ address: at(name, step) })
  }
  fc.assert(fc.property(plan, which, offset, agrees))
})

test('there and back again is where it was', () => {
  const returns = (pair: Pair, family: number, step: bigint) => {
    const address = at(pair.pods[family]!, step)
    const there = addressTowardsRemote(policyFor(pair), address)
    expect(podIPAtHome(policyFor(pair), (there as { address: string }).address)).toEqual({ address })
  }
  fc.assert(fc.property(plan, which, offset, returns))
})

test('two pods never get one address', () => {
  const apart = (pair: Pair, a: bigint, b: bigint, family: number) => {
    const texts = [at(pair.pods[family]!, a), at(pair.pods[0]!, b)]
    const outcomes = texts.map((text) => addressTowardsRemote(policyFor(pair), text))
    expect(JSON.stringify(outcomes[0]) === JSON.stringify(outcomes[1])).toBe(texts[0] === texts[1])
  }
  fc.assert(fc.property(plan, offset, offset, which, apart))
})

test('both families are kept, in their order', () => {
  const kept = (pair: Pair, step: bigint, order: number[]) => {
    const texts = order.map((family) => at(pair.pods[family]!, step))
    const want = order.map((family) => at(pair.names[family]!, step))
    expect(podIPsAtHome(policyFor(pair, pair), texts)).toEqual({ podIP: want[0], podIPs: want, refused: [] })
    expect(addressesTowardsRemote(policyFor(pair), texts).addresses).toEqual(want)
  }
  fc.assert(fc.property(plan, offset, fc.shuffledSubarray([0, 1], { minLength: 2 }), kept))
})

test('whatever text comes, an outcome comes, and no address that the API server or the allow list refuses', () => {
  const flags = fc.record({ internal: fc.boolean(), reflectIPs: fc.boolean() })
  const text = fc.oneof(
    fc.string(),
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV4Extended(),
    fc.domain(),
    fc.constant('::ffff:1.2.3.4'),
  )
  const sound = (pair: Pair, home: typeof networking, remote: typeof networking, candidate: string) => {
    const plan = { podCIDRs: home.internal ? pair.pods.map(formatCidr) : [], externalCIDRs: [], serviceCIDRs: [] }
    const policy = policyOf({ id: 'rome', networking: home, plan }, { id: 'milan', networking: remote, plan })
    for (const outcome of [addressTowardsRemote(policy, candidate), podIPAtHome(policy, candidate)]) {
      expect(Object.keys(outcome)[0]).toMatch(/^(address|refused|empty)$/)
      if (!('address' in outcome)) continue
      const address = parseAddress(outcome.address) as Address
      expect(formatAddress(address)).toBe(outcome.address)
      expect(specialOf(address)).toBeUndefined()
    }
  }
  fc.assert(fc.property(plan, flags, flags, text, sound), { numRuns: 2_000 })
})

import { type Cidr, encloses, overlaps, parseCidr } from '../../lib/policy/cidr.ts'
import type { Golden } from './cases.ts'
import { ANY_TEXT } from './compare.ts'
import type { Deviation } from './deviations.ts'
import { inputOf } from './runner.ts'

interface Sequence {
  pools: string[]
  ops: [name: string, ...args: string[]][]
}

/** Where the address manager means to differ. */
export const ipamDeviations: readonly Deviation[] = [
  {
    name: 'mappings-are-state',
    reason:
      'The endpoints mapped for a peer are kept with all other network parameters; Liqo keeps a NatMapping object for each peer, and fails where it cannot make or find that object.',
    rewrite: (expected, given) => {
      const { ops = [] } = inputOf<Sequence>(given)
      if (given.fn !== 'IpamSequence' || !Array.isArray(expected)) return expected
      const answers = expected.map((answer: { error?: string } | null, index) => {
        if (!answer?.error?.includes('natmappings.net.liqo.io')) return answer
        return ops[index]?.[0] === 'mapEndpointIP' ? ANY_TEXT : 'ok'
      })
      return answers.some((answer, index) => answer !== expected[index]) ? answers : expected
    },
  },
  {
    name: 'one-user-a-network',
    reason:
      'A network in use is given to nobody else, and one outside the pools can be taken, as in v0.8.3; v1.2.0 lets users share networks unless told `exclusive`, and knows nothing outside its pools.',
    rewrite: (expected, given) => {
      if (given.fn !== 'IpamCoreSequence' || !Array.isArray(expected)) return expected
      const answers = alone(expected, given)
      return answers.some((answer, index) => answer !== expected[index]) ? answers : expected
    },
  },
]

/** The answers where what is given is nobody else's. */
function alone(expected: readonly unknown[], given: Golden): unknown[] {
  const { pools = [], ops = [] } = inputOf<Sequence>(given)
  const isInPool = (cidr: Cidr) => pools.some((pool) => encloses(read(pool), cidr))
  const taken: Cidr[] = []
  const refused: Cidr[] = []
  return expected.map((answer, index) => {
    const [name = '', text = ''] = ops[index] ?? []
    if (name === 'networkAcquire' && answer !== null) taken.push(read(String(answer)))
    if (name !== 'networkAcquireWithPrefix' && name !== 'networkIsAvailable') return answer
    const cidr = read(text)
    const isFree = !taken.some((other) => overlaps(other, cidr))
    if (name === 'networkIsAvailable') {
      const isOthers = refused.some((other) => overlaps(other, cidr))
      return answer === false && (isOthers || !isInPool(cidr)) ? isFree : answer
    }
    const isGiven = isFree && (answer !== null || !isInPool(cidr))
    ;(isGiven ? taken : refused).push(cidr)
    if (isGiven) return answer ?? text
    return answer === text ? null : answer
  })
}

function read(text: string): Cidr {
  const cidr = parseCidr(text)
  if ('unreadable' in cidr) throw new TypeError(cidr.unreadable)
  return cidr
}

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../cluster/port.ts'
import { parseAddress } from '../../policy/address.ts'
import { contains, parseCidr } from '../../policy/cidr.ts'
import { freeAddresses, lackingMappings, settledMappings } from './allocate.ts'
import { marked, newMapping } from './mapping.ts'

const milan = { peer: 'milan', cidr: '10.245.0.0/29' }
const A = '10.96.0.1'
const B = '192.0.2.50'

const mapping = (original: string, external: string, peer = 'milan') => newMapping(peer, original, external)
const releasing = (original: string, external: string) => marked(mapping(original, external), true)
const byHand = ({ metadata, ...rest }: KubeObject): KubeObject => ({
  ...rest,
  metadata: { ...metadata, labels: { clusterID: 'milan' } },
})

interface Row {
  name: string
  originals?: string[]
  known: KubeObject[]
  lacking: KubeObject[]
  settled: Record<string, string>
}

const rows: Row[] = [
  {
    name: 'nothing yet: the lowest, after the network and the tunnel',
    known: [],
    lacking: [mapping(A, '10.245.0.2'), mapping(B, '10.245.0.3')],
    settled: {},
  },
  {
    name: 'what is there is used, and gaps are filled',
    known: [mapping('10.96.0.9', '10.245.0.3'), mapping(A, '10.245.0.4')],
    lacking: [mapping(B, '10.245.0.2')],
    settled: { '10.96.0.9': '10.245.0.3', [A]: '10.245.0.4' },
  },
  {
    name: 'what another peer has is another address',
    known: [mapping(A, '10.245.0.2', 'turin')],
    lacking: [mapping(A, '10.245.0.2'), mapping(B, '10.245.0.3')],
    settled: {},
  },
  {
    name: 'a peer whose name begins alike is another one',
    known: [mapping(A, '10.245.0.2', 'milan.south')],
    lacking: [mapping(A, '10.245.0.2'), mapping(B, '10.245.0.3')],
    settled: {},
  },
  {
    name: 'the mark of a release is taken off before it is used',
    known: [releasing(A, '10.245.0.2'), mapping(B, '10.245.0.3')],
    lacking: [marked(mapping(A, '10.245.0.2'), false)],
    settled: { [B]: '10.245.0.3' },
  },
  {
    name: 'what somebody made by hand is used as it is, marked or not',
    known: [byHand(releasing(A, '10.245.0.2')), byHand(mapping(B, '10.245.0.3'))],
    lacking: [],
    settled: { [A]: '10.245.0.2', [B]: '10.245.0.3' },
  },
  {
    name: 'of two for one address the lowest counts, as numbers go',
    originals: [A],
    known: [mapping(A, '10.245.0.6'), mapping(A, '10.245.0.3')],
    lacking: [],
    settled: { [A]: '10.245.0.3' },
  },
  {
    name: 'outside the external CIDR: made anew',
    originals: [A],
    known: [mapping(A, '10.99.0.2')],
    lacking: [mapping(A, '10.245.0.2')],
    settled: {},
  },
  {
    name: 'not named as it should be: none, but its name is taken',
    originals: [A],
    known: [{ ...mapping(A, '10.245.0.2'), spec: { clusterID: 'milan', original: A, external: '10.245.0.5' } }],
    lacking: [mapping(A, '10.245.0.3')],
    settled: {},
  },
  {
    name: 'full: those go first that come first',
    known: ['2', '3', '4', '5'].map((last) => mapping(`10.96.1.${last}`, `10.245.0.${last}`)),
    lacking: [mapping(A, '10.245.0.6')],
    settled: Object.fromEntries(['2', '3', '4', '5'].map((last) => [`10.96.1.${last}`, `10.245.0.${last}`])),
  },
]

describe.each(rows)('$name', ({ originals = [A, B], known, lacking, settled }) => {
  test('is lacking', () => expect(lackingMappings(milan, originals, known)).toEqual(lacking))
  test('is settled', () => expect(settledMappings(milan, known)).toEqual(settled))
})

test.each([
  { cidr: '10.245.0.0/30', want: ['10.245.0.2'] },
  { cidr: '10.245.0.0/31', want: [] },
  { cidr: '10.245.0.7/32', want: [] },
  { cidr: 'None', want: [] },
])('$cidr has room for $want', ({ cidr, want }) => {
  expect(freeAddresses({ peer: 'milan', cidr }, [], 10)).toEqual(want)
})

const original = fc.ipV4()
const known = fc.uniqueArray(fc.tuple(original, fc.integer({ min: 2, max: 60 })), { selector: ([, last]) => last })

test('each original gets one address of its own, the lowest that are free, and then lacks nothing', () => {
  const external = { peer: 'milan', cidr: '10.245.0.0/26' }
  const range = parseCidr(external.cidr)
  fc.assert(
    fc.property(fc.uniqueArray(original, { maxLength: 70 }), known, (originals, pairs) => {
      const objects = pairs.map(([one, last]) => mapping(one, `10.245.0.${last}`))
      const made = lackingMappings(external, originals, objects)
      const all = [...objects, ...made]
      expect(new Set(all.map(({ metadata }) => metadata.name)).size).toBe(all.length)
      const settled = settledMappings(external, all)
      const without = originals.filter((one) => settled[one] === undefined)
      expect(without.length).toBe(Math.max(0, made.length + without.length + objects.length - 61))
      for (const address of Object.values(settled)) {
        const parsed = parseAddress(address)
        expect(!('unreadable' in range) && !('unreadable' in parsed) && contains(range, parsed)).toBe(true)
      }
      expect(
        lackingMappings(
          external,
          originals.filter((one) => settled[one]),
          all,
        ),
      ).toEqual([])
      const highest = Math.max(0, ...made.map(({ spec }) => Number((spec as { external: string }).external.slice(9))))
      expect(highest).toBeLessThanOrEqual(1 + all.length)
    }),
  )
})

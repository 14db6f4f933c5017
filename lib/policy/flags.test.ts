import { expect, test } from 'vitest'
import { type Meaning, meaningOf } from './flags.ts'

/** T/F of internal, reflectIPs. */
function cluster(id: string, flags: string) {
  return { id, networking: { internal: flags[0] === 'T', reflectIPs: flags[1] === 'T' } }
}

const ALIKE = 0
const INTERNAL = 'internal'
const REFLECT = 'reflectIPs'

const rows: readonly [string, string, Meaning['addresses'], string, 0 | string][] = [
  // home, remote, addresses, [networkFlow, endpointSlices, nodeNetworkCondition, gateMode], flags that differ
  ['TT', 'TT', 'remapped', 'TTTF', ALIKE],
  ['FT', 'FT', 'as-is', 'FTFF', ALIKE],
  ['TF', 'TF', 'none', 'TFTT', ALIKE],
  ['FF', 'FF', 'none', 'FFFT', ALIKE],
  ['TT', 'FT', 'conflicting', 'FTTF', INTERNAL],
  ['FT', 'TT', 'conflicting', 'FTFF', INTERNAL],
  ['TT', 'TF', 'none', 'TFTT', REFLECT],
  ['TF', 'TT', 'none', 'TFTT', REFLECT],
  ['FT', 'FF', 'none', 'FFFT', REFLECT],
  ['FF', 'FT', 'none', 'FFFT', REFLECT],
  ['TF', 'FF', 'none', 'FFTT', INTERNAL],
  ['FF', 'TF', 'none', 'FFFT', INTERNAL],
  ['TT', 'FF', 'none', 'FFTT', `${INTERNAL},${REFLECT}`],
  ['FF', 'TT', 'none', 'FFFT', `${INTERNAL},${REFLECT}`],
  ['TF', 'FT', 'none', 'FFTT', `${INTERNAL},${REFLECT}`],
  ['FT', 'TF', 'none', 'FFFT', `${INTERNAL},${REFLECT}`],
]

test.each(rows)('rome %s, milan %s: addresses %s', (home, remote, addresses, wanted, differing) => {
  const meaning = meaningOf(cluster('rome', home), cluster('milan', remote))
  const answers = [meaning.networkFlow, meaning.endpointSlices, meaning.nodeNetworkCondition, meaning.gateMode]
  expect(meaning.addresses).toBe(addresses)
  expect(answers.map((yes) => (yes ? 'T' : 'F')).join('')).toBe(wanted)
  expect(meaning.disagreements.map(({ flag }) => flag).join()).toBe(differing === ALIKE ? '' : differing)
})

test('a disagreement says what differs, what follows and what to do', () => {
  const [disagreement] = meaningOf(cluster('rome', 'TT'), cluster('milan', 'FT')).disagreements
  expect(disagreement).toEqual({
    flag: 'internal',
    home: true,
    remote: false,
    why: 'internal is true in rome and false in milan: no tunnel is made and no address is reflected. Set both alike.',
  })
})

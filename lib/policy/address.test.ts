import { isIP } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAddress, isDomainName, parseAddress } from './address.ts'

test.each([
  { text: '10.0.0.1', family: 4, canonical: '10.0.0.1' },
  { text: '0.0.0.0', family: 4, canonical: '0.0.0.0' },
  { text: '255.255.255.255', family: 4, canonical: '255.255.255.255' },
  { text: '::', family: 6, canonical: '::' },
  { text: 'FE80:0:0:0:0:0:0:0abc', family: 6, canonical: 'fe80::abc' },
  { text: '2001:db8:0:0:1:0:0:1', family: 6, canonical: '2001:db8::1:0:0:1' },
  { text: '1:2:3:4:5:6:7::', family: 6, canonical: '1:2:3:4:5:6:7:0' },
  { text: '64:ff9b::1.2.3.4', family: 6, canonical: '64:ff9b::102:304' },
  { text: '::1.2.3.4', family: 6, canonical: '::102:304' },
])('$text reads as $canonical', ({ text, family, canonical }) => {
  const address = parseAddress(text)
  expect(address).toMatchObject({ family })
  expect('bits' in address && formatAddress(address)).toBe(canonical)
})

test.each([
  { text: '', why: 'nothing' },
  { text: '10.0.0.01', why: 'leading zero' },
  { text: '0x0a.0.0.1', why: 'hexadecimal' },
  { text: '10.1', why: 'two parts' },
  { text: '167772161', why: 'one number' },
  { text: '10.0.0.256', why: 'octet too large' },
  { text: ' 10.0.0.1', why: 'space before' },
  { text: '10.0.0.1\n', why: 'line end' },
  { text: '10.0.0.1/32', why: 'CIDR' },
  { text: '١.٢.٣.٤', why: 'other digits' },
  { text: 'fe80::1%eth0', why: 'zone id' },
  { text: '::ffff:1.2.3.4', why: 'IPv4-mapped' },
  { text: '::ffff:102:304', why: 'IPv4-mapped, in hexadecimal' },
  { text: '0:0:0:0:0:FFFF:1.2.3.4', why: 'IPv4-mapped, written out' },
  { text: '::1.2.3.04', why: 'leading zero in the tail' },
  { text: '1.2.3.4::', why: 'IPv4 in front' },
  { text: ':::', why: 'three colons' },
  { text: '1::2::3', why: 'two gaps' },
  { text: '1:2:3:4:5:6:7', why: 'seven groups' },
  { text: '1:2:3:4:5:6:7:', why: 'empty last group' },
  { text: '1:2:3:4:5:6:7::8', why: 'a gap for no group' },
  { text: '12345::', why: 'five digits' },
  { text: '[::1]', why: 'brackets' },
  { text: 'db.example.com', why: 'name' },
  { text: '1'.repeat(10_000), why: 'endless' },
])('refused: $why', ({ text }) => {
  expect(parseAddress(text)).toEqual({ unreadable: expect.stringMatching(/^.{1,350}$/) })
})

test.each([
  { text: 'db.example.com', name: true },
  { text: 'db.example.com.', name: true },
  { text: 'xn--bcher-kva.example', name: true },
  { text: 'localhost', name: false },
  { text: 'DB.example.com', name: false },
  { text: 'a_b.example.com', name: false },
  { text: '-a.example.com', name: false },
  { text: 'a..com', name: false },
  { text: 'a.com..', name: false },
  { text: '.', name: false },
  { text: `${'a'.repeat(64)}.com`, name: false },
  { text: `${'a.'.repeat(127)}com`, name: false },
  { text: '10.0.0.01', name: false },
])('$text is a name: $name', ({ text, name }) => {
  expect(isDomainName(text)).toBe(name)
})

/** Text close to an address: pieces of addresses and what breaks them. */
const almost = fc
  .array(fc.constantFrom('0', '1', '10', '255', '256', '01', 'ff', 'FFFF', '::', ':', '.', '/', '%', 'x', ' ', '\0'), {
    maxLength: 17,
  })
  .map((pieces) => pieces.join(''))
const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.ipV4(), fc.ipV4Extended(), fc.ipV6(), almost)

/** inet_pton, which Node uses, less what kube-apiserver refuses besides: zone ids and IPv4-mapped addresses. */
function isAcceptable(candidate: string): boolean {
  if (isIP(candidate) === 0 || candidate.includes('%')) return false
  return isIP(candidate) === 4 || !/^\[::ffff:[\da-f]+:[\da-f]+\]$/.test(new URL(`http://[${candidate}]/`).hostname)
}

test('accepts exactly what inet_pton and the API server accept, and never throws', () => {
  const agree = (candidate: string) => {
    expect(!('unreadable' in parseAddress(candidate)), candidate).toBe(isAcceptable(candidate))
  }
  fc.assert(fc.property(text, agree), { numRuns: 5_000 })
})

test('the canonical text is the one of the URL standard, and reads as the same address', () => {
  const same = (candidate: string) => {
    const address = parseAddress(candidate)
    if ('unreadable' in address) return
    const canonical = formatAddress(address)
    const host = address.family === 4 ? canonical : `[${canonical}]`
    expect(new URL(`http://${address.family === 4 ? candidate : `[${candidate}]`}/`).hostname).toBe(host)
    expect(parseAddress(canonical)).toEqual(address)
  }
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), almost), same), { numRuns: 2_000 })
})

import type { Random } from './random.ts'

/** Texts that tell operators apart: case, folding, escapes, quotes, look-alikes of other types. */
export const TEXTS = [
  ...[
    '',
    'a',
    'A',
    'b',
    'ab',
    'aB',
    'AB',
    'abc',
    'ABC',
    'abcabc',
    'bc',
    'aXbXc',
    'a*c',
    'a\\c',
    '*',
    '\\',
    '"',
    'a"',
    '"a',
  ],
  ...[
    'é',
    'É',
    'straße',
    'STRASSE',
    'ǆ',
    'ǅ',
    'Ǆ',
    'ı',
    'I',
    'i',
    'İ',
    'K',
    'k',
    'ſ',
    's',
    'S',
    '日本',
    '日',
    'Ω',
    'ω',
    'ς',
    'σ',
    'Σ',
  ],
  ...[' ', 'a b', 'a.b', 'true', 'null', '1', '1.0', '10', '-1', '1e3', 'NaN', 'a\nb', '\u0000', '😀', 'a😀b'],
]
export const NUMBERS = [0, 1, -1, 1.5, 10, 100, 1000, -0.25, 1e-7, 1e21, 3.14, 2147483648, 9007199254740991]
export const LITERALS = [true, false, null]

const ADDRESSES = [
  ...['10.0.0.1', '10.0.0.0', '10.0.0.255', '10.0.1.0', '10.255.255.255', '11.0.0.0', '0.0.0.0', '255.255.255.255'],
  ...['010.0.0.1', '10.0.0.256', '1.2.3', '10.0.0.1 ', '127.0.0.1', '192.168.1.1', '32.1.13.184', '32.1.13.176'],
  ...['::', '::1', '0:0:0:0:0:0:0:1', '2001:db8::', '2001:DB8::1', '2001:db8:0:0::1', '2001:db9::', 'fe80::1'],
  ...[
    'a00::1',
    '0a00::',
    '::ffff:0a00:0001',
    ':',
    'abc',
    '1:2',
    '12:34:56',
    '::g',
    'localhost',
    'ffff::',
    '2001:db8:ffff::',
  ],
]
const BLOCKS = [
  ...['10.0.0.0/8', '10.0.0.0/24', '10.0.0.77/24', '10.0.0.1/31', '0.0.0.0/0', '192.168.0.0/16', '32.0.0.0/4'],
  ...['2001:db8::/32', '2001:db8::/28', '::/0', '::1/127', 'fe80::/10', '2001:db8::1/64', 'a00::/8', '127.0.0.0/9'],
]
const BAD_BLOCKS = [
  '10.0.0.0',
  '10.0.0.0/32',
  '10.0.0.0/-1',
  '10.0.0.0/x',
  '10.0.0.0/8/8',
  '::/128',
  'x/8',
  '/8',
  '10.0.0.0/',
]

/** Events `{"x": leaf}` for the operators on texts and numbers. */
export const leafEvents = (): unknown[] => [
  ...[{}, { 'x.y': 'a' }, { 'x.y': 'b', x: { y: 'a' } }],
  ...[...TEXTS, ...NUMBERS, ...LITERALS].map((x) => ({ x })),
  ...[[], {}, ['a', 'b'], ['a', 1], [1, 10], [['a']], [null], { y: 'a' }, [{ y: 'a' }], ['abc', 'ABC', 5]].map((x) => ({
    x,
  })),
]

/** No bare numbers: there event-ruler compares their decimal digits with hexadecimal ones. */
export const addressEvents = (): unknown[] => [
  {},
  { x: true },
  { x: ADDRESSES.slice(0, 3) },
  ...ADDRESSES.map((x) => ({ x })),
]

export const addressPattern = (r: Random): unknown => {
  const kind = r.below(10)
  if (kind < 6) return { cidr: r.pick(BLOCKS) }
  if (kind < 7) return { cidr: r.pick(BAD_BLOCKS) }
  return kind < 9 ? r.pick(ADDRESSES) : { 'anything-but': r.pick(ADDRESSES) }
}

const mixedCase = (r: Random, text: string) =>
  [...text].map((char) => (r.chance(0.5) ? char.toUpperCase() : char.toLowerCase())).join('')

const wildcard = (r: Random): string => {
  const pieces = r.some(1 + r.below(4), () => r.pick(['a', 'b', 'c', 'ab', 'bc', 'X', '\\*', '\\\\', 'é', '"', '']))
  const text = pieces.join('*')
  return r.chance(0.1) ? `${text}\\` : r.chance(0.3) ? `*${text}` : text
}

const bound = (r: Random) => r.pick([...NUMBERS, -2, 2, 50])

const numeric = (r: Random): unknown => {
  if (r.chance(0.4)) return [r.pick(['>', '>=']), bound(r), r.pick(['<', '<=']), bound(r)]
  return [r.pick(['=', '<', '<=', '>', '>=', '==']), bound(r)]
}

const oneOrMore = (r: Random, make: () => unknown): unknown => (r.chance(0.5) ? make() : r.some(1 + r.below(3), make))

/** One element of a leaf array: values and every operator, now and then one that is refused. */
export function leafPattern(r: Random): unknown {
  const text = () => r.pick(TEXTS)
  const makes: (() => unknown)[] = [
    text,
    () => r.pick(NUMBERS),
    () => r.pick(LITERALS),
    () => ({ prefix: text() }),
    () => ({ suffix: text() }),
    () => ({ prefix: { 'equals-ignore-case': mixedCase(r, text()) } }),
    () => ({ suffix: { 'equals-ignore-case': mixedCase(r, text()) } }),
    () => ({ 'equals-ignore-case': mixedCase(r, text()) }),
    () => ({ wildcard: wildcard(r) }),
    () => ({ numeric: numeric(r) }),
    () => ({ exists: r.chance(0.5) }),
    () => ({ 'anything-but': oneOrMore(r, text) }),
    () => ({ 'anything-but': oneOrMore(r, () => r.pick(NUMBERS)) }),
    () => ({ 'anything-but': { prefix: oneOrMore(r, text) } }),
    () => ({ 'anything-but': { suffix: oneOrMore(r, text) } }),
    () => ({ 'anything-but': { 'equals-ignore-case': oneOrMore(r, () => mixedCase(r, text())) } }),
    () => ({ 'anything-but': { wildcard: oneOrMore(r, () => wildcard(r)) } }),
    () => ({ exactly: text() }),
  ]
  return r.pick(makes)()
}

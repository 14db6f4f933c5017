import { isIP } from 'node:net'

/**
 * IP addresses as numbers. Parsing accepts what kube-apiserver 1.36 accepts under StrictIPCIDRValidation
 * (apimachinery `util/validation/ip.go`), and nothing else: software disagrees on what the rest means. That is what
 * inet_pton accepts, less zone ids and IPv4-mapped addresses.
 */
export type Family = 4 | 6

/** e.g. `10.0.0.1` = `{ family: 4, bits: 0x0a000001n }`. */
export interface Address {
  readonly family: Family
  readonly bits: bigint
}

/** Text that is no address or CIDR, and why, e.g. `{ unreadable: '"10.0.0.01" is not an IP address' }`. */
export interface Unreadable {
  readonly unreadable: string
}

/** Bits of an address of the family. */
export const WIDTH: Readonly<Record<Family, number>> = { 4: 32, 6: 128 }

/** Longer text is no address in any notation, and is not repeated in messages: it may come from an untrusted cluster. */
const MAX_TEXT = 253

/**
 * Reads one address, in any letter case and compression; `formatAddress` writes the canonical form.
 * Refused although some software reads them: leading zeros (octal to libc), fewer than four parts, zone ids,
 * IPv4-mapped IPv6 (`::ffff:1.2.3.4`: IPv4 to one program, IPv6 to the next).
 */
export function parseAddress(text: string): Address | Unreadable {
  if (text.length > MAX_TEXT) return { unreadable: 'the text is too long for an IP address' }
  if (text.includes(':') && text.includes('%')) {
    return { unreadable: `${JSON.stringify(text)} has a zone id, which means nothing elsewhere` }
  }
  const family = isIP(text)
  if (family === 0) return notAnAddress(text)
  if (family === 4) return { family, bits: toBits(text.split('.').map((part) => hex(Number(part), 2))) }
  const bits = toBits(groupsOf(text).map((group) => group.padStart(4, '0')))
  return bits >> 32n === 0xffffn
    ? { unreadable: `${JSON.stringify(text)} is an IPv4-mapped IPv6 address: write it as IPv4` }
    : { family: 6, bits }
}

/** Canonical text: dotted decimal or RFC 5952, the only form that the API server takes in IPv6 EndpointSlices. */
export function formatAddress({ family, bits }: Address): string {
  const digits = hex(bits, WIDTH[family] / 4)
  if (family === 6) return shortened(pieces(digits, 4).join(':'))
  return pieces(digits, 2)
    .map((part) => Number.parseInt(part, 16))
    .join('.')
}

/**
 * Whether the text is a name that an EndpointSlice of type FQDN may hold (apimachinery `IsFullyQualifiedDomainName`):
 * at least two RFC 1123 labels, a dot at the end allowed. Malformed IPv4 (`10.0.0.01`) is not taken for a name.
 */
export function isDomainName(text: string): boolean {
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  const labels = name.split('.')
  return (
    name.length <= MAX_TEXT &&
    labels.length >= 2 &&
    labels.every((label) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(label)) &&
    !/^\d+$/.test(labels.at(-1)!)
  )
}

/** For messages, e.g. `IPv6`. */
export function familyName(family: Family): string {
  return `IPv${family}`
}

function notAnAddress(text: string): Unreadable {
  return { unreadable: `${JSON.stringify(text)} is not an IP address` }
}

/** IPv6 text to its eight groups. */
function groupsOf(text: string): string[] {
  const [left = [], right = []] = shortened(text)
    .split('::')
    .map((side) => side.split(':').filter((group) => group !== ''))
  return [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
}

/** RFC 5952, in which URLs write the address of a host: groups in hexadecimal alone, the longest run of zeros left out. */
function shortened(text: string): string {
  return new URL(`http://[${text}]`).hostname.slice(1, -1)
}

const hex = (value: number | bigint, length: number) => value.toString(16).padStart(length, '0')

const toBits = (digits: readonly string[]) => BigInt(`0x${digits.join('')}`)

const pieces = (digits: string, length: number) => digits.match(new RegExp(`.{${length}}`, 'g'))!

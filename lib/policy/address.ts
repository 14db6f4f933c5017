import ipaddr from 'ipaddr.js'

/**
 * IP addresses as numbers. Parsing accepts what kube-apiserver 1.36 accepts under StrictIPCIDRValidation
 * (apimachinery `util/validation/ip.go`), and nothing else: software disagrees on what the rest means.
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
  if (!text.includes(':')) {
    return ipaddr.IPv4.isValidFourPartDecimal(text) ? toAddress(ipaddr.IPv4.parse(text)) : notAnAddress(text)
  }
  if (text.includes('%')) return { unreadable: `${JSON.stringify(text)} has a zone id, which means nothing elsewhere` }
  const groups = withHexTail(text)
  if (groups === undefined || !ipaddr.IPv6.isValid(groups)) return notAnAddress(text)
  const address = toAddress(ipaddr.IPv6.parse(groups))
  return address.bits >> 32n === 0xffffn
    ? { unreadable: `${JSON.stringify(text)} is an IPv4-mapped IPv6 address: write it as IPv4` }
    : address
}

/** Canonical text: dotted decimal or RFC 5952, the only form that the API server takes in IPv6 EndpointSlices. */
export function formatAddress(address: Address): string {
  const hex = address.bits.toString(16).padStart(WIDTH[address.family] / 4, '0')
  return ipaddr.fromByteArray([...Buffer.from(hex, 'hex')]).toString()
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

function toAddress(parsed: ipaddr.IPv4 | ipaddr.IPv6): Address {
  const hex = Buffer.from(parsed.toByteArray()).toString('hex')
  return { family: parsed.kind() === 'ipv4' ? 4 : 6, bits: BigInt(`0x${hex}`) }
}

/** `64:ff9b::1.2.3.4` -> `64:ff9b::102:304`; ipaddr.js takes `::1.2.3.4` for IPv4-mapped, and octal in a tail. Undefined: bad tail. */
function withHexTail(text: string): string | undefined {
  const start = text.lastIndexOf(':') + 1
  const tail = text.slice(start)
  if (!tail.includes('.')) return text
  if (!ipaddr.IPv4.isValidFourPartDecimal(tail)) return undefined
  const hex = Buffer.from(ipaddr.IPv4.parse(tail).toByteArray()).toString('hex')
  return `${text.slice(0, start)}${hex.slice(0, 4)}:${hex.slice(4)}`
}

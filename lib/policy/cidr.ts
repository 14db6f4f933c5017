import { type Address, formatAddress, parseAddress, type Unreadable, WIDTH } from './address.ts'

/**
 * A network. `bits` are those of the text, host bits included: Liqo keeps a peer's `10.50.3.4/16` as written.
 * `networkOf` clears them. e.g. `10.50.0.0/16` = `{ family: 4, bits: 0x0a320000n, length: 16 }`.
 */
export interface Cidr extends Address {
  /** Bits of the prefix, 0 to 32 or 128. */
  readonly length: number
}

/** Reads `<address>/<length>`; the address as strictly as `parseAddress`, the length without leading zeros. */
export function parseCidr(text: string): Cidr | Unreadable {
  const slash = text.indexOf('/')
  const address = parseAddress(text.slice(0, Math.max(slash, 0)))
  const length = text.slice(slash + 1)
  if ('unreadable' in address || !/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > WIDTH[address.family]) {
    return { unreadable: `${JSON.stringify(text.slice(0, 64))} is not a CIDR` }
  }
  return { ...address, length: Number(length) }
}

export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr)}/${cidr.length}`
}

/** The CIDR with its host bits cleared, e.g. `10.50.3.4/16` -> `10.50.0.0/16`. */
export function networkOf(cidr: Cidr): Cidr {
  return { family: cidr.family, bits: cidr.bits & ~hostMask(cidr), length: cidr.length }
}

/** First address, e.g. `10.0.3.9/20` -> `10.0.0.0`. */
export function firstAddress(cidr: Cidr): Address {
  return { family: cidr.family, bits: cidr.bits & ~hostMask(cidr) }
}

/** Last address, e.g. `10.0.0.0/24` -> `10.0.0.255`. */
export function lastAddress(cidr: Cidr): Address {
  return { family: cidr.family, bits: cidr.bits | hostMask(cidr) }
}

export function contains(cidr: Cidr, address: Address): boolean {
  return cidr.family === address.family && (cidr.bits ^ address.bits) >> BigInt(hostBits(cidr)) === 0n
}

/** The same of texts, e.g. of `10.0.0.0/16` and `10.0.7.1`; false of what cannot be read. */
export function holds(network: string, text: string): boolean {
  const [cidr, address] = [parseCidr(network), parseAddress(text)]
  return !('unreadable' in cidr) && !('unreadable' in address) && contains(cidr, address)
}

/** Whether every address of `inner` is in `outer`. */
export function encloses(outer: Cidr, inner: Cidr): boolean {
  return outer.length <= inner.length && contains(outer, inner)
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return encloses(a, b) || encloses(b, a)
}

export function isSameNetwork(a: Cidr, b: Cidr): boolean {
  return a.length === b.length && contains(a, b)
}

/**
 * The address under another prefix, its host bits kept: `10.1.130.9` in `172.20.64.0/18` -> `172.20.66.9`.
 * Host bits of the CIDR itself are OR-ed in (Liqo v0.8.3 `MapIPToNetwork`); pass `networkOf(cidr)` where two addresses
 * must never become one (v1.2.0 `RemapMask`). IPv4 in an IPv6 prefix counts as `::ffff:a.b.c.d` (v1.2.0): 10.1.2.3 in
 * `fd00::/96` -> `fd00::a01:203`.
 * @returns undefined for an IPv6 address in an IPv4 prefix: it does not fit
 */
export function remap(address: Address, cidr: Cidr): Address | undefined {
  if (address.family > cidr.family) return undefined
  const bits = address.family === cidr.family ? address.bits : (0xffffn << 32n) | address.bits
  return { family: cidr.family, bits: cidr.bits | (bits & hostMask(cidr)) }
}

/** The next network of the same length, e.g. `10.0.0.5/24` -> `10.0.1.0/24`; undefined after the last one. */
export function nextNetwork(cidr: Cidr): Cidr | undefined {
  const bits = lastAddress(cidr).bits + 1n
  return bits >> BigInt(WIDTH[cidr.family]) === 0n ? { ...cidr, bits } : undefined
}

/** Both halves, lower first, e.g. `172.16.0.0/12` -> `172.16.0.0/13`, `172.24.0.0/13`; none of a single address. */
export function halvesOf(cidr: Cidr): [Cidr, Cidr] | undefined {
  if (hostBits(cidr) === 0) return undefined
  const lower: Cidr = { ...networkOf(cidr), length: cidr.length + 1 }
  return [lower, { ...lower, bits: lower.bits | (1n << BigInt(hostBits(lower))) }]
}

/** What of `cidr` no member of `taken` touches, as its minimal list of CIDRs in address order. */
export function subtract(cidr: Cidr, taken: readonly Cidr[]): Cidr[] {
  const touching = taken.filter((other) => overlaps(cidr, other))
  if (touching.length === 0) return [networkOf(cidr)]
  if (touching.some((other) => encloses(other, cidr))) return []
  return halvesOf(cidr)!.flatMap((half) => subtract(half, touching))
}

function hostBits(cidr: Cidr): number {
  return WIDTH[cidr.family] - cidr.length
}

function hostMask(cidr: Cidr): bigint {
  return (1n << BigInt(hostBits(cidr))) - 1n
}

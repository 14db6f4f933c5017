import ipaddr from 'ipaddr.js'
import type { Refuse } from './error.ts'
import type { TextTest } from './text.ts'

/** What event-ruler takes for an address at all. */
const IPV4 = /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/
const IPV6 = /^[0-9a-fA-F:]*:[0-9a-fA-F:]*$/

/** Tests for an address in any spelling of it; undefined when the text is no address. */
export function sameAddress(text: string): TextTest | undefined {
  const digits = digitsOf(text)
  return digits ? within(digits, digits) : undefined
}

/** Hexadecimal digits of an address: 8 or 32; undefined for any other text. An IPv4-mapped address counts as IPv4. */
function digitsOf(text: string): string | undefined {
  if (!IPV4.test(text) && !IPV6.test(text)) return undefined
  // Octets are decimal there, whatever zeros lead them; ipaddr.js would read octal.
  const plain = IPV4.test(text) ? text.split('.').map(Number).join('.') : text
  if (!ipaddr.isValid(plain)) return undefined
  return Buffer.from(ipaddr.process(plain).toByteArray()).toString('hex')
}

/** Is the address in the block? A text that is no address is in none. */
export function block(cidr: string, refuse: Refuse): TextTest {
  const [address = '', bits = '', ...rest] = cidr.split('/')
  if (rest.length > 0 || bits === '') refuse('a CIDR block is an address, a / and a number of bits')
  const digits = digitsOf(address)
  if (!digits) return refuse(`${address} is not an IP address`)
  const size = digits.length * 4
  if (!/^\+?[0-9]+$/.test(bits) || Number(bits) >= size) refuse(`mask bits must be a number below ${size}`)
  const free = BigInt(size - Number(bits))
  const bottom = (BigInt(`0x${digits}`) >> free) << free
  const top = bottom | ((1n << free) - 1n)
  const hex = (value: bigint) => value.toString(16).padStart(digits.length, '0')
  return within(hex(bottom), hex(top))
}

/**
 * Compares digit by digit as event-ruler's automaton does, which does not keep the two families apart: of a longer
 * address only the leading digits count, a shorter one must lie strictly inside.
 */
function within(bottom: string, top: string): TextTest {
  return (text) => {
    const digits = digitsOf(text)
    if (!digits) return false
    const n = Math.min(digits.length, bottom.length)
    const [value, low, high] = [digits.slice(0, n), bottom.slice(0, n), top.slice(0, n)]
    return n === bottom.length ? low <= value && value <= high : low < value && value < high
  }
}

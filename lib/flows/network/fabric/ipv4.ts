import { parseAddress } from '../../../policy/address.ts'
import { parseCidr } from '../../../policy/cidr.ts'

/** Whether it is an IPv4 address. */
export function isIPv4Address(text: unknown): text is string {
  if (typeof text !== 'string') return false
  const address = parseAddress(text)
  return !('unreadable' in address) && address.family === 4
}

/** Whether the text is an IPv4 address or CIDR. */
export function isIPv4(text: string): boolean {
  const cidr = parseCidr(text)
  return isIPv4Address(text) || (!('unreadable' in cidr) && cidr.family === 4)
}

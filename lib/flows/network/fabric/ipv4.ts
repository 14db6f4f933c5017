import { parseAddress } from '../../../policy/address.ts'
import { parseCidr } from '../../../policy/cidr.ts'

/** Whether the text is an IPv4 address or CIDR. */
export function isIPv4(text: string): boolean {
  const read = text.includes('/') ? parseCidr(text) : parseAddress(text)
  return !('unreadable' in read) && read.family === 4
}

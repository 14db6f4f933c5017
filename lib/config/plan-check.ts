import { type Cidr, formatCidr, networkOf, overlaps, parseCidr } from '../policy/cidr.ts'
import { PLAN_PER_CLUSTER } from './plan.ts'
import type { Reader } from './reader.ts'

interface Network {
  name: string
  text: string
  cidr: Cidr
}

/**
 * Refuses what is no CIDR of a network, and CIDRs of one cluster that overlap: an address would be a pod and a Service at
 * once. All may be absent; without pod CIDRs only addresses that are special everywhere are refused
 * (lib/policy/allow-list.ts).
 */
export function checkPlan(reader: Reader, prefix: string): void {
  const networks = PLAN_PER_CLUSTER.flatMap((name) => networksOf(reader, prefix + name))
  for (const [index, one] of networks.entries()) {
    const other = networks.slice(0, index).find(({ cidr }) => overlaps(cidr, one.cidr))
    if (other) reader.problems.push(`${one.name}: ${one.text} overlaps ${other.text} of ${other.name}; correct one`)
  }
}

function networksOf(reader: Reader, name: string): Network[] {
  return reader.words(name).flatMap((text) => {
    const cidr = parseCidr(text)
    if ('unreadable' in cidr) {
      reader.problems.push(`${name}: ${cidr.unreadable}; use e.g. 10.244.0.0/16, or 10.244.0.0/16,fd00:10::/56`)
      return []
    }
    const network = networkOf(cidr)
    // A slip of the address or of the length: which one is not ours to guess.
    if (network.bits !== cidr.bits) {
      reader.problems.push(`${name}: ${text} has bits after its prefix; use ${formatCidr(network)}, or a longer prefix`)
    }
    return [{ name, text, cidr }]
  })
}

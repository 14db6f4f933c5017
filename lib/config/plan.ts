import { type Cidr, overlaps, parseCidr } from '../policy/cidr.ts'
import type { AddressPlan } from '../policy/plan.ts'
import type { Reader } from './reader.ts'

const VARIABLES = ['POD_CIDR', 'EXTERNAL_CIDR', 'SERVICE_CIDR', 'RESERVED_SUBNETS'] as const

interface Network {
  name: string
  text: string
  cidr: Cidr
}

/**
 * The CIDRs of one cluster, e.g. of `CLUSTER_ROME_`: comma lists, both families. All are optional; without pod CIDRs
 * only addresses that are special everywhere are refused (lib/policy/allow-list.ts). No two of them may overlap: an
 * address would be a pod and a Service at once.
 */
export function readPlan(reader: Reader, prefix: string): { plan: AddressPlan; reservedSubnets: readonly string[] } {
  const read = VARIABLES.map((variable) => reader.cidrs(prefix + variable))
  const networks = read.flatMap((texts, index) => texts.flatMap((text) => toNetwork(prefix + VARIABLES[index], text)))
  for (const [index, one] of networks.entries()) {
    const other = networks.slice(0, index).find(({ cidr }) => overlaps(cidr, one.cidr))
    if (other) reader.problems.push(`${one.name}: ${one.text} overlaps ${other.text} of ${other.name}; correct one`)
  }
  const [podCIDRs = [], externalCIDRs = [], serviceCIDRs = [], reservedSubnets = []] = read
  return { plan: { podCIDRs, externalCIDRs, serviceCIDRs }, reservedSubnets }
}

function toNetwork(name: string, text: string): Network[] {
  const cidr = parseCidr(text)
  return 'unreadable' in cidr ? [] : [{ name, text, cidr }]
}

import { type Address, familyName } from './address.ts'
import { type Cidr, contains, formatCidr, networkOf, overlaps, parseCidr, remap } from './cidr.ts'

/** In a renamed CIDR's place: the peer kept the name (as in Liqo's TunnelEndpoint). */
export const KEPT = 'None'

/**
 * The CIDRs of one cluster as it names them, one or more of each family, e.g.
 * `{ podCIDRs: ['10.244.0.0/16', 'fd00:10::/56'], externalCIDRs: ['10.245.0.0/16'], serviceCIDRs: ['10.96.0.0/12'] }`.
 * Networks that the cluster's endpoints may also be in (nodes, when host-network endpoints matter) go to `podCIDRs`.
 */
export interface AddressPlan {
  readonly podCIDRs: readonly string[]
  /** For what is in no pod CIDR: addresses here stand for it in the peer. At most one a family is used. */
  readonly externalCIDRs: readonly string[]
  readonly serviceCIDRs: readonly string[]
  /** What the peer calls them, position by position; `None`: the same. Absent: not negotiated yet. */
  readonly seenAs?: { readonly podCIDRs: readonly string[]; readonly externalCIDRs: readonly string[] }
}

/** One CIDR and the peer's name for it, of the same family and at least as large. */
export interface Renaming {
  readonly from: Cidr
  readonly to: Cidr
}

/** A plan, read. Host bits are cleared: with them two addresses could become one. */
export interface Ranges {
  readonly pods: readonly Cidr[]
  readonly externals: readonly Cidr[]
  readonly services: readonly Cidr[]
  readonly renamed?: { readonly pods: readonly Renaming[]; readonly externals: readonly Renaming[] }
  /** What makes the plan unusable, a sentence each. Not empty: nothing else in here may be relied on. */
  readonly problems: readonly string[]
}

export function rangesOf(plan: AddressPlan): Ranges {
  const problems: string[] = []
  const read = (texts: readonly string[]) => texts.flatMap((text) => readCidr(text, problems))
  const pods = read(plan.podCIDRs)
  const externals = read(plan.externalCIDRs)
  const ranges = { pods, externals, services: read(plan.serviceCIDRs), problems }
  if (plan.seenAs === undefined || problems.length > 0) return ranges
  if (pods.length === 0) problems.push('there is no pod CIDR')
  const renamed = {
    pods: renamings(pods, plan.seenAs.podCIDRs, problems),
    externals: renamings(externals, plan.seenAs.externalCIDRs, problems),
  }
  const names = [...renamed.pods, ...renamed.externals].map(({ to }) => to)
  requireDisjoint([...pods, ...externals], problems)
  requireDisjoint(names, problems)
  return { ...ranges, renamed }
}

/** The address under the peer's name, host bits kept; undefined: in none of the renamed CIDRs. */
export function renamedAddress(renamings: readonly Renaming[], address: Address): Address | undefined {
  const renaming = renamings.find(({ from }) => contains(from, address))
  return renaming === undefined ? undefined : remap(address, renaming.to)
}

function readCidr(text: string, problems: string[]): Cidr[] {
  const cidr = parseCidr(text)
  if (!('unreadable' in cidr)) return [networkOf(cidr)]
  problems.push(cidr.unreadable)
  return []
}

function renamings(from: readonly Cidr[], names: readonly string[], problems: string[]): Renaming[] {
  if (from.length !== names.length) {
    problems.push(`${from.length} CIDRs have ${names.length} names`)
    return []
  }
  return from.flatMap((cidr, index) => {
    const name = names[index]!
    const to = name === KEPT ? [cidr] : readCidr(name, problems)
    return to.flatMap((named) => renaming(cidr, named, problems))
  })
}

function renaming(from: Cidr, to: Cidr, problems: string[]): Renaming[] {
  if (from.family === to.family && to.length <= from.length) return [{ from, to }]
  const why = from.family === to.family ? 'is smaller' : `is not ${familyName(from.family)}`
  problems.push(`${formatCidr(to)} cannot name ${formatCidr(from)}: it ${why}`)
  return []
}

function requireDisjoint(cidrs: readonly Cidr[], problems: string[]): void {
  for (const [index, cidr] of cidrs.entries()) {
    const other = cidrs.slice(index + 1).find((later) => overlaps(cidr, later))
    if (other !== undefined) problems.push(`${formatCidr(cidr)} and ${formatCidr(other)} overlap`)
  }
}

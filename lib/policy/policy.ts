import { type Address, familyName, formatAddress, isDomainName, parseAddress } from './address.ts'
import { objectionTo, specialOf } from './allow-list.ts'
import { type FlaggedCluster, type Meaning, meaningOf } from './flags.ts'
import { type Empty, type Outcome, type Refusal, refusal, type Translated } from './outcome.ts'
import { type AddressPlan, type Ranges, type Renaming, rangesOf, renamedAddress } from './plan.ts'

/**
 * What happens to an address on its way to the other cluster, for one peering. Failing to translate is a value:
 * a caller writes `{address}`, writes nothing for `{empty}`, has `{needsMapping}` allocated and reports `{refused}`.
 *
 * | addresses | home endpoint towards remote | remote pod IP at home |
 * |---|---|---|
 * | remapped | pod: under remote's name; other: under remote's name of its external address | under home's name |
 * | as-is | as it is, if allowed | as it is, if allowed |
 * | none | empty | empty |
 * | conflicting | refused | refused |
 */
export interface Policy {
  readonly meaning: Meaning
  readonly home: Party
  readonly remote: Party
  readonly mappings: Readonly<Record<string, string>>
}

export interface Party {
  readonly id: string
  readonly ranges: Ranges
}

/** One cluster as configured, and as negotiated where `internal` is set. */
export interface PlannedCluster extends FlaggedCluster {
  readonly plan: AddressPlan
}

const EMPTY: Empty = { empty: true }

/**
 * @param mappings home's endpoint mappings for this remote: canonical address -> its address in home's external CIDR,
 *   e.g. `{ '10.96.0.1': '10.245.0.2' }`
 */
export function policyOf(
  home: PlannedCluster,
  remote: PlannedCluster,
  mappings: Readonly<Record<string, string>> = {},
): Policy {
  const meaning = meaningOf(home, remote)
  const party = ({ id, plan }: PlannedCluster): Party => {
    // Names that outlived a flip of `internal` mean nothing.
    const { seenAs: _, ...own } = plan
    return { id, ranges: rangesOf(meaning.addresses === 'remapped' ? plan : own) }
  }
  return { meaning, home: party(home), remote: party(remote), mappings }
}

/** A home endpoint (pod, Service, node, outside host) as remote pods must call it. */
export function addressTowardsRemote(policy: Policy, text: string): Outcome {
  const { home, remote, meaning } = policy
  const address = admitted(policy, home, text)
  if (!('family' in address)) return address
  if (meaning.addresses === 'as-is') {
    const { pods, services, externals } = home.ranges
    // Service CIDRs alone say nothing of where pods are.
    const own = pods.length === 0 ? [] : [...pods, ...services, ...externals]
    return asIs(address, home, own, remote)
  }
  const { renamed } = home.ranges
  if (renamed === undefined) return notNegotiated(home, remote)
  const pod = renamedAddress(renamed.pods, address)
  if (pod !== undefined) return { address: formatAddress(pod) }
  const external = externalOf(policy, address)
  // A mapping outside the external CIDR is stale: none of the names holds it, so that it is asked for again.
  const mapped = external && renamedAddress(renamed.externals, external)
  if (mapped !== undefined) return { address: formatAddress(mapped) }
  if (home.ranges.externals.some(({ family }) => family === address.family)) {
    return { needsMapping: formatAddress(address) }
  }
  if (!isCarried(renamed.pods, address)) return otherFamily(address, home, remote)
  const why = `${formatAddress(address)} is in no pod CIDR of ${home.id}, which has no ${familyName(address.family)} external CIDR`
  return refusal('no-external-cidr', why)
}

/** A remote pod's address as home pods must call it; the empty text (no address yet) gives `{empty}`. */
export function podIPAtHome(policy: Policy, text: string): Translated | Empty | Refusal {
  const { home, remote, meaning } = policy
  if (text === '') return EMPTY
  const address = admitted(policy, remote, text)
  if (!('family' in address)) return address
  const { pods, renamed } = remote.ranges
  if (meaning.addresses === 'as-is') return asIs(address, remote, pods, home)
  if (renamed === undefined) return notNegotiated(remote, home)
  const named = renamedAddress(renamed.pods, address)
  if (named !== undefined) return { address: formatAddress(named) }
  return isCarried(renamed.pods, address) ? foreign(address, remote) : otherFamily(address, remote, home)
}

/** What holds in every mode and both ways; an Address means: go on. */
function admitted(policy: Policy, from: Party, text: string): Address | Empty | Refusal {
  const { addresses, disagreements } = policy.meaning
  if (addresses === 'none') return EMPTY
  if (addresses === 'conflicting') {
    return refusal('conflicting-flags', disagreements.map(({ why }) => why).join(' '))
  }
  for (const { id, ranges } of [policy.home, policy.remote]) {
    if (ranges.problems.length > 0) return refusal('invalid-plan', `CIDRs of ${id}: ${ranges.problems.join('; ')}`)
  }
  const address = parseAddress(text)
  if ('unreadable' in address) {
    return isDomainName(text)
      ? refusal('name', `${text} of ${from.id} is a name: what it resolves to cannot be checked`)
      : refusal('unreadable', `${address.unreadable} (${from.id})`)
  }
  const special = specialOf(address)
  if (special === undefined) return address
  return refusal(special, `${formatAddress(address)} of ${from.id} may not go over: ${special}`)
}

function asIs(address: Address, from: Party, own: Ranges['pods'], to: Party): Translated | Refusal {
  const objection = objectionTo(address, own, to.ranges.services)
  if (objection === undefined) return { address: formatAddress(address) }
  if (objection === 'foreign') return foreign(address, from)
  return refusal(objection, `${formatAddress(address)} of ${from.id} would be a Service in ${to.id}`)
}

function foreign(address: Address, from: Party): Refusal {
  return refusal('foreign', `${formatAddress(address)} is outside the CIDRs of ${from.id}`)
}

/** Whether any pod CIDR of the address's family was negotiated. */
function isCarried(pods: readonly Renaming[], { family }: Address): boolean {
  return pods.some(({ from }) => from.family === family)
}

function otherFamily(address: Address, from: Party, to: Party): Refusal {
  const network = `the network between ${from.id} and ${to.id} carries no ${familyName(address.family)}`
  return refusal('other-family', `${formatAddress(address)} of ${from.id} stays there: ${network}`)
}

function notNegotiated(from: Party, to: Party): Refusal {
  return refusal('not-negotiated', `${to.id} has not said yet what it calls the CIDRs of ${from.id}`)
}

/** The address that stands for this one in home's external CIDR, if there is one. */
function externalOf({ mappings }: Policy, address: Address): Address | undefined {
  const external = parseAddress(mappings[formatAddress(address)] ?? '')
  return 'unreadable' in external ? undefined : external
}

import type { Family } from './address.ts'
import { type Refusal, refusal } from './outcome.ts'
import { addressTowardsRemote, type Policy, podIPAtHome } from './policy.ts'

/** Addresses of one endpoint towards remote. The order is kept; what does not go over is listed apart. */
export interface EndpointAddresses {
  readonly addresses: readonly string[]
  readonly needsMapping: readonly string[]
  readonly refused: readonly Refusal[]
}

/** e.g. `['10.244.3.9', '127.0.0.1']` -> `{ addresses: ['10.246.3.9'], needsMapping: [], refused: [{ refused: 'loopback', … }] }`. */
export function addressesTowardsRemote(policy: Policy, texts: readonly string[]): EndpointAddresses {
  const outcomes = texts.map((text) => addressTowardsRemote(policy, text))
  return {
    addresses: outcomes.flatMap((outcome) => ('address' in outcome ? [outcome.address] : [])),
    needsMapping: outcomes.flatMap((outcome) => ('needsMapping' in outcome ? [outcome.needsMapping] : [])),
    refused: outcomes.filter((outcome) => 'refused' in outcome),
  }
}

/** A pod's addresses at home as its status has them: `podIP` is the first of `podIPs`, or empty. */
export interface PodIPs {
  readonly podIP: string
  readonly podIPs: readonly string[]
  readonly refused: readonly Refusal[]
}

/**
 * Remote `status.podIPs` (or `[status.podIP]` where it is missing) at home: order and both families kept. The API
 * server takes one address a family, and refuses the whole status otherwise: further ones are refused here.
 */
export function podIPsAtHome(policy: Policy, texts: readonly string[]): PodIPs {
  const podIPs: string[] = []
  const refused: Refusal[] = []
  const families = new Set<Family>()
  for (const text of texts) {
    const outcome = podIPAtHome(policy, text)
    if ('refused' in outcome) refused.push(outcome)
    if (!('address' in outcome)) continue
    const family = outcome.address.includes(':') ? 6 : 4
    if (families.has(family)) refused.push(refusal('surplus', `${text} is a further address of its family`))
    else podIPs.push(outcome.address)
    families.add(family)
  }
  return { podIP: podIPs[0] ?? '', podIPs, refused }
}

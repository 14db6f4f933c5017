import type { Objection, Special } from './allow-list.ts'

/**
 * Why an address does not go over. Besides the allow list's own words:
 *
 * | reason | what helps |
 * |---|---|
 * | unreadable, name | nothing: it is no IP address (a name could resolve to anything, so no list can allow it) |
 * | conflicting-flags | setting `internal` alike on both sides |
 * | not-negotiated | time: the clusters have not exchanged their network parameters yet |
 * | invalid-plan | correcting the CIDRs |
 * | no-external-cidr | an external CIDR of that family |
 * | other-family | nothing: the internal network carries the families that were negotiated, IPv4 as in Liqo |
 * | surplus | nothing: a pod shows one address a family |
 */
export type Reason =
  | Special
  | Objection
  | 'unreadable'
  | 'name'
  | 'conflicting-flags'
  | 'not-negotiated'
  | 'invalid-plan'
  | 'no-external-cidr'
  | 'other-family'
  | 'surplus'

/** e.g. `{ refused: 'loopback', why: '127.0.0.1 of rome may not go over: loopback' }`; `why` is a sentence for an event or log. */
export interface Refusal {
  readonly refused: Reason
  readonly why: string
}

/** The address to write, canonical. */
export interface Translated {
  readonly address: string
}

/** Nothing is to be written and what was written earlier goes: the flags say so, or there is no address yet. */
export interface Empty {
  readonly empty: true
}

/** The address, canonical, must first be given one in home's external CIDR (endpoint-mapping.ts); then ask again. */
export interface NeedsMapping {
  readonly needsMapping: string
}

export type Outcome = Translated | Empty | NeedsMapping | Refusal

export function refusal(refused: Reason, why: string): Refusal {
  return { refused, why }
}

import type { KubeObject } from '../../cluster/port.ts'
import { mapOf } from '../../kinds/json.ts'
import type { NetworkState } from '../../policy/network-state.ts'
import { isIPv4Address } from './fabric/ipv4.ts'
import { type Answer, networkConfig, type Offer, type TunnelSide, tunnelEndpoint } from './forge.ts'
import { fault, type Hindrance, waiting } from './hindrance.ts'
import { nameNetworks, ownCIDRs, type PairOfCIDRs } from './ipam.ts'
import { ipamStorage } from './ipam-storage.ts'
import { fromName, toName } from './names.ts'
import type { Parameters } from './parameters.ts'

/** One cluster of a pair: what it has given away, what it says of its gateway, and what it said before. */
export interface End {
  /** ClusterID. */
  readonly id: string
  readonly state: NetworkState | Hindrance
  readonly parameters: Parameters | Hindrance
  /** Addresses of its nodes; none need be known while all networks of the other have names. */
  readonly nodes?: readonly string[]
  /** Its NetworkConfig for the other cluster as it is now. */
  readonly said?: KubeObject | undefined
}

/** What there should be in one cluster of the pair, in the order in which it is written. Absent: what is there stays. */
export interface Wanted {
  readonly storage?: KubeObject
  /** The peer's parameters; absent until they are complete. */
  readonly from?: KubeObject
  readonly to: KubeObject
  readonly tunnel?: KubeObject
  /** What keeps its own parameters from being processed. */
  readonly hindrance?: Hindrance
}

/**
 * What two clusters agree on. Each says its parameters, each names the networks of the other; a tunnel is there once
 * both have (Liqo v0.8.3). All of it follows from what the clusters have given away, which alone is remembered, so that
 * it may be done again at any time, from any point.
 *
 * | of a cluster                                     | said to the peer        | named by the peer | tunnel       |
 * | ------------------------------------------------ | ----------------------- | ----------------- | ------------ |
 * | its networks cannot be told (no CIDR, conflict)  | what it said before     | not anew          | not anew     |
 * | no gateway address or key yet                    | its networks            | no                | no           |
 * | the same, but there were                         | with those              | yes               | with those   |
 * | the peer cannot name them (its own networks)     | all                     | not anew          | not anew     |
 * | else                                             | all                     | yes               | yes          |
 */
export function negotiate(a: End, b: End): readonly [Wanted, Wanted] {
  const [ofA, ofB] = [said(a, b), said(b, a)]
  return [wantedIn(a, b, ofA, ofB), wantedIn(b, a, ofB, ofA)]
}

interface Said {
  readonly offer: Offer
  readonly isComplete: boolean
  readonly answer: Answer
  /** What the receiver has given away then. */
  readonly state?: NetworkState
}

function said(sender: End, receiver: End): Said {
  const before = { offer: offerIn(sender.said), answer: answerIn(sender.said) }
  if ('reason' in sender.state) return told(before.offer, before.answer, sender.state)
  const own = ownCIDRs(sender.state)
  const known = 'reason' in sender.parameters ? gatewayIn(before.offer) : sender.parameters
  const offer = { ...own, ...known }
  if (known === undefined) return told(offer, {}, sender.parameters as Hindrance)
  if ('reason' in receiver.state) return told(offer, before.answer, receiver.state, true)
  // Packets to nodes, and to the other gateway, must never be taken for the peer's.
  const used = [...(receiver.nodes ?? []), known.endpointIP].filter(isIPv4Address)
  const named = nameNetworks(receiver.state, sender.id, own, used)
  if ('denied' in named) return told(offer, before.answer, poolsExhausted(receiver.id, named.denied), true)
  const hindrance = 'reason' in sender.parameters ? { hindrance: sender.parameters } : {}
  return { offer, isComplete: true, state: named.state, answer: { names: named.names, ...hindrance } }
}

function told(offer: Offer, { names }: Answer, hindrance: Hindrance, isComplete = false): Said {
  return { offer, isComplete, answer: { ...(names && { names }), hindrance } }
}

function poolsExhausted(id: string, denied: string): Hindrance {
  return fault('NoFreeNetwork', `${id} has no network left to call it by: ${denied}; free one, or use smaller CIDRs`)
}

function wantedIn(here: End, there: End, ours: Said, theirs: Said): Wanted {
  const answer = { ...waitingFor(there, theirs), ...ours.answer }
  const to = networkConfig({ name: toName(there.id), peer: there.id, receiver: there.id }, ours.offer, answer)
  const from = networkConfig(
    { name: fromName(there.id), peer: there.id, receiver: here.id },
    theirs.offer,
    theirs.answer,
  )
  const { hindrance } = ours.answer
  const state = theirs.state ?? here.state
  return {
    ...(!('reason' in state) && { storage: ipamStorage(state) }),
    ...(theirs.isComplete && { from }),
    to,
    ...(ours.state && theirs.state && { tunnel: tunnelTo(there.id, ours, theirs) }),
    ...(hindrance && { hindrance }),
  }
}

/** What keeps the peer's part from being done is told here too: who looks for the tunnel looks in either cluster. */
function waitingFor({ id }: End, { answer: { names, hindrance } }: Said): Pick<Answer, 'hindrance'> {
  if (names || !hindrance) return {}
  return { hindrance: waiting('WaitingForPeer', `${id}: ${hindrance.message}`) }
}

/** Both are complete and named. */
function tunnelTo(peer: string, ours: Said, theirs: Said): KubeObject {
  const side = ({ offer, answer }: Said): TunnelSide => ({ cidrs: offer as PairOfCIDRs, names: answer.names! })
  return tunnelEndpoint(peer, side(ours), side(theirs), theirs.offer as Parameters)
}

/** What a NetworkConfig says. */
function offerIn(config: KubeObject | undefined): Offer {
  const { podCIDR, externalCIDR, endpointIP, backend_config } = mapOf(config?.spec) as Record<string, string>
  const { port, publicKey } = mapOf(backend_config) as Record<string, string>
  return Object.fromEntries(
    Object.entries({ podCIDR, externalCIDR, endpointIP, port, publicKey }).filter(([, text]) => text !== undefined),
  )
}

function gatewayIn({ endpointIP, port, publicKey }: Offer): Parameters | undefined {
  return endpointIP && port && publicKey ? { endpointIP, port, publicKey } : undefined
}

function answerIn(config: KubeObject | undefined): Answer {
  const { processed, podCIDRNAT, externalCIDRNAT } = mapOf(config?.status) as Record<string, string>
  if (!processed || !podCIDRNAT || !externalCIDRNAT) return {}
  return { names: { podCIDR: podCIDRNAT, externalCIDR: externalCIDRNAT } }
}

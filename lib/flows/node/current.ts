import type { KubeObject } from '../../cluster/port.ts'
import { contains } from '../../reflect/compare.ts'
import { type Condition, networkCondition } from './conditions.ts'
import type { NodeFacts, NodeStatus, Taint } from './forge.ts'
import type { Tunnel } from './tunnel.ts'

/** Milliseconds after which an unchanged status is written again; as a kubelet does. */
const STATUS_AGE = 5 * 60_000

export function taintsOf(node: KubeObject | undefined): readonly Taint[] {
  return (node?.spec as { taints?: Taint[] } | undefined)?.taints ?? []
}

export function conditionsOf(node: KubeObject): readonly Condition[] {
  return (node.status as { conditions?: Condition[] } | undefined)?.conditions ?? []
}

/** The node lifecycle controller has not given the node up: a Lease alone would not bring it back then. */
export function isAlive(node: KubeObject): boolean {
  const conditions = conditionsOf(node)
  return conditions.length > 0 && conditions.every(({ status }) => status !== 'Unknown')
}

/** The status says all that it should, and not too long ago. Conditions of others, and their order, do not count. */
export function isCurrent(node: KubeObject, { conditions, ...rest }: NodeStatus, now: number): boolean {
  const before = conditionsOf(node)
  const isSame = conditions.every(({ lastHeartbeatTime: _, ...condition }) => {
    const old = before.find(({ type }) => type === condition.type)
    return old !== undefined && contains(old, condition) && now - Date.parse(old.lastHeartbeatTime) < STATUS_AGE
  })
  return isSame && contains(node.status, rest) && isNothingLeft(node, rest.capacity) && !isLeftOver(before, conditions)
}

/** Every resource that the node shows is still offered. */
function isNothingLeft(node: KubeObject, capacity: NodeFacts['capacity']): boolean {
  const { capacity: shown = {} } = (node.status ?? {}) as { capacity?: Record<string, string> }
  return Object.keys(shown).every((resource) => resource in capacity)
}

/** The node says of the network what it should, or nothing where it should say nothing. */
export function isNetworkCurrent(node: KubeObject, network: Tunnel | undefined): boolean {
  const said = conditionsOf(node).find(({ type }) => type === NETWORK)
  return network ? contains(said, networkCondition(network)) : said === undefined
}

const NETWORK = 'NetworkUnavailable'

/** A condition that is not ours to say any more: the network's, after a change of the flags. */
function isLeftOver(before: readonly Condition[], conditions: readonly Condition[]): boolean {
  return before.some(({ type }) => type === NETWORK) && !conditions.some(({ type }) => type === NETWORK)
}

import { type Amounts, minus, plus, share as shareOf, toAmounts } from '../../capacity/amounts.ts'
import { type Nano, toQuantity } from '../../capacity/quantity.ts'
import { type Claimant, requestsOf } from '../../capacity/requests.ts'
import type { KubeObject } from '../../cluster/port.ts'
import { ORIGIN } from '../../kinds/meta.ts'
import { NODE_TYPE, VIRTUAL_NODE } from './name.ts'

/** What a remote cluster has for one home, before share and quota. */
export interface Survey {
  /** Names of the nodes that count. */
  nodes: ReadonlySet<string>
  /** Of these nodes together. */
  allocatable: Amounts
  /** Oldest kubelet among them, e.g. `v1.36.3`; empty when there is none. */
  kubeletVersion: string
}

/**
 * The nodes that new pods of a home could land on: Ready, open to pods, and no virtual nodes, behind which is another
 * cluster's capacity.
 */
export function survey(nodes: Iterable<KubeObject>): Survey {
  const counted = [...nodes].filter(isCounted)
  const versions = counted.map(({ status }) => (status as NodeStatus).nodeInfo?.kubeletVersion ?? '').filter(Boolean)
  return {
    nodes: new Set(counted.map(({ metadata }) => metadata.name)),
    allocatable: counted.map(({ status }) => toAmounts((status as NodeStatus).allocatable)).reduce(plus, {}),
    kubeletVersion: versions.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))[0] ?? '',
  }
}

/**
 * What a pod takes from others: nothing if it has ended, waits for a node, or is on one that does not count; nor if it is
 * of this very home, whose scheduler subtracts it from the virtual node itself.
 */
export function takenBy(pod: KubeObject, nodes: ReadonlySet<string>, home: string): Amounts {
  const { nodeName = '', ...spec } = (pod.spec ?? {}) as Claimant & { nodeName?: string }
  const { phase } = (pod.status ?? {}) as { phase?: string }
  const hasEnded = phase === 'Succeeded' || phase === 'Failed'
  if (hasEnded || !nodes.has(nodeName) || pod.metadata.labels?.[ORIGIN] === home) return {}
  return plus(requestsOf(spec), { pods: ONE })
}

/**
 * What the virtual node shows as its capacity. Source of the rule: Liqo v0.8.3, `resource-monitors`; the quota is ours:
 * what admission would refuse is not offered.
 * @param taken by pods of others
 * @param percent of what is free
 */
export function offerOf(allocatable: Amounts, taken: Amounts, percent: number, quota: Amounts = {}): Amounts {
  const offered = Object.entries(shareOf(minus(allocatable, taken), percent)).map(([resource, amount]) => {
    const granted = quota[resource]
    return [resource, granted !== undefined && granted < amount ? granted : amount] as const
  })
  return Object.fromEntries(offered)
}

/** As a resource list of the API; resources of which there is nothing are left in, so that their absence shows. */
export function toResourceList(amounts: Amounts): Record<string, string> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, toQuantity(name, amount)]))
}

const ONE: Nano = 1_000_000_000n

interface NodeStatus {
  allocatable?: unknown
  conditions?: { type?: string; status?: string }[]
  nodeInfo?: { kubeletVersion?: string }
}

function isCounted({ metadata, spec, status }: KubeObject): boolean {
  const { unschedulable } = (spec ?? {}) as { unschedulable?: boolean }
  const { conditions = [] } = (status ?? {}) as NodeStatus
  const isReady = conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
  return isReady && !unschedulable && metadata.labels?.[NODE_TYPE] !== VIRTUAL_NODE
}

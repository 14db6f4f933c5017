import type { ClusterError } from '../../cluster/errors.ts'
import type { KubeObject } from '../../cluster/port.ts'
import type { Context } from '../../kinds/kind.ts'
import type { Outcome } from '../../reflect/converge.ts'
import { NOT_SELECTED, selectNamespace } from './kind.ts'

/** What became of the copy in one remote cluster. */
export interface Served {
  /** ClusterID. */
  remote: string
  outcome: Outcome
  /** Of a copy under a name that it had before, where there is one. */
  former?: Outcome
  /** Behind the outcome `failed`. */
  error?: ClusterError
}

/** How far a remote cluster is with its copy of the namespace. */
export type Mapping = 'Accepted' | 'Creating' | 'CreationLoopBackOff' | 'Terminating'

export interface RemoteState {
  /** ClusterID. */
  remote: string
  /** The selector chose this cluster. */
  requested: boolean
  /** Absent: there is no copy, and none is being made. */
  mapping?: Mapping
  message: string
}

export interface Condition {
  type: 'OffloadingRequired' | 'Ready'
  status: 'True' | 'False'
  reason: string
  message: string
  lastTransitionTime: string
}

export interface OffloadingStatus {
  remoteNamespaceName: string
  offloadingPhase: string
  remoteNamespacesConditions: Record<string, Condition[]>
  observedGeneration?: number
}

/**
 * Status of a NamespaceOffloading. A condition keeps its time while its status and reason stay.
 * Source of the rules: Liqo v1.2, `namespaceoffloading-controller`; the map's keys are ClusterIDs.
 * @param now RFC 3339, in seconds
 */
export function toStatus(offloading: KubeObject, name: string, states: RemoteState[], now: string): OffloadingStatus {
  const before = offloading.status as Partial<OffloadingStatus> | undefined
  const generation = offloading.metadata.generation
  return {
    remoteNamespaceName: name,
    offloadingPhase: phaseOf(offloading.metadata.deletionTimestamp !== undefined, states),
    remoteNamespacesConditions: Object.fromEntries(
      states.map((state) => {
        const old = before?.remoteNamespacesConditions?.[state.remote] ?? []
        return [state.remote, conditionsOf(state).map((condition) => aged(condition, old, now))]
      }),
    ),
    ...(typeof generation === 'number' && { observedGeneration: generation }),
  }
}

/** How the copy in one cluster is, from what the pass did there and what was known before. */
export function toState(offloading: KubeObject, context: Context, { remote, outcome, error }: Served): RemoteState {
  const selection = selectNamespace(offloading, context)
  const requested = selection.reflect || selection.why !== NOT_SELECTED
  const message = outcome.why ?? ''
  switch (outcome.verdict) {
    case 'created':
    case 'updated':
    case 'equal':
      return { remote, requested, mapping: 'Accepted', message: `namespace ${context.remoteNamespace} is there` }
    case 'terminating':
    case 'deleted':
      return { remote, requested, mapping: 'Terminating', message: `namespace ${context.remoteNamespace} is going` }
    case 'absent':
    case 'foreign':
      return { remote, requested, message }
    case 'skipped':
      return requested ? { remote, requested, mapping: 'CreationLoopBackOff', message } : { remote, requested, message }
    case 'blocked':
      return {
        remote,
        requested,
        mapping: 'CreationLoopBackOff',
        message: `namespace ${context.remoteNamespace} exists there and is not ours; it is left alone: choose another name with namespaceMappingStrategy SelectedName, or remove it`,
      }
    case 'failed':
      // What a retry may cure takes nothing back: a short outage is no reason to call a copy broken.
      if (error?.retry)
        return { remote, requested, mapping: isReadyFor(offloading, remote) ? 'Accepted' : 'Creating', message }
      return { remote, requested, mapping: 'CreationLoopBackOff', message }
    default:
      return { remote, requested, mapping: 'CreationLoopBackOff', message }
  }
}

/** True when the status says that the copy in that cluster was made and filled. */
export function isReadyFor(offloading: KubeObject, remote: string): boolean {
  const status = offloading.status as Partial<OffloadingStatus> | undefined
  const conditions = status?.remoteNamespacesConditions?.[remote] ?? []
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}

/** First match counts. */
export function phaseOf(isDeleting: boolean, states: RemoteState[]): string {
  const requested = states.filter((state) => state.requested)
  const backOff = requested.filter((state) => state.mapping === 'CreationLoopBackOff').length
  if (isDeleting) return 'Terminating'
  if (requested.length === 0) return 'NoClusterSelected'
  if (requested.every((state) => state.mapping === 'Accepted')) return 'Ready'
  if (backOff === requested.length) return 'AllFailed'
  return backOff > 0 ? 'SomeFailed' : 'InProgress'
}

const READY_REASONS = {
  Accepted: 'NamespaceCreated',
  Creating: 'Creating',
  CreationLoopBackOff: 'CreationLoopBackOff',
  Terminating: 'Terminating',
} as const

type Fresh = Omit<Condition, 'lastTransitionTime'>

function conditionsOf({ requested, mapping, message }: RemoteState): Fresh[] {
  const required: Fresh = requested
    ? {
        type: 'OffloadingRequired',
        status: 'True',
        reason: 'ClusterSelected',
        message: 'The remote cluster is selected by the clusterSelector',
      }
    : {
        type: 'OffloadingRequired',
        status: 'False',
        reason: 'ClusterNotSelected',
        message: 'The remote cluster is not selected by the clusterSelector',
      }
  if (!requested && !mapping) return [required]
  const state = mapping ?? 'Creating'
  const status = state === 'Accepted' ? 'True' : 'False'
  return [required, { type: 'Ready', status, reason: READY_REASONS[state], message }]
}

function aged(fresh: Fresh, old: Condition[], now: string): Condition {
  const same = old.find(({ type, status, reason }) => {
    return type === fresh.type && status === fresh.status && reason === fresh.reason
  })
  return { ...fresh, lastTransitionTime: same?.lastTransitionTime ?? now }
}

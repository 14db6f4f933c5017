import { ClusterError } from '../cluster/errors.ts'
import type { KubeObject } from '../cluster/port.ts'
import { EVENT } from '../cluster/resources.ts'
import type { Kind, Side } from '../kinds/kind.ts'
import { failedReflection, failedStatusReflection } from './messages.ts'
import { IdentityError, type Peering, sideOf } from './peering.ts'
import type { Observation, Verdict } from './plan.ts'
import { digest } from './stamp.ts'

/** Longest message that the API server takes, in characters. */
const MAX_MESSAGE = 1024

/** An Event about the source. */
export interface Report {
  type: 'Normal' | 'Warning'
  reason: string
  message: string
}

/** `failed`: the target could not be written; `ungiven`: the source could not. */
type Failure = { verdict: 'failed' | 'ungiven'; error: unknown }

/**
 * Tells the owner of the source, by a Kubernetes Event beside it, what kept it or a part of it from being reflected. A success is not
 * told: an Event a write would double the writes at home. Nor is what a redelivery may cure: an outage would otherwise
 * write an Event per object and try.
 */
export async function report(
  kind: Kind,
  peering: Peering,
  { source }: Observation,
  what: Verdict | Failure,
): Promise<void> {
  if (!source || kind.untold) return
  const told = toReport(peering.remote.id, what)
  if (told) await tell(kind, peering, source, told)
}

/** Writes an Event beside the source. */
export async function tell(
  kind: { name: string; source: { side: Side } },
  peering: Pick<Peering, 'home' | 'remote' | 'log'>,
  source: KubeObject,
  told: Report,
): Promise<void> {
  try {
    await sideOf(peering, kind.source.side).apply(EVENT, toEvent(kind, source, peering.remote.id, told, new Date()))
  } catch (error) {
    // The Event is a courtesy: what it tells must not hinder or fail the reflection itself.
    if (!(error instanceof ClusterError)) throw error
    peering.log.warn('event not written', { kind: kind.name, reason: told.reason, error: error.message })
  }
}

function toReport(remote: string, what: Verdict | Failure): Report | undefined {
  switch (what.verdict) {
    case 'blocked':
      return { type: 'Warning', reason: 'FailedReflection', message: failedReflection(remote, what.why) }
    case 'skipped':
      if (what.selection.quiet) return undefined
      if (!what.selection.fault) return { type: 'Normal', reason: 'ReflectionDisabled', message: what.why }
      return { type: 'Warning', reason: 'FailedReflection', message: failedReflection(remote, what.why) }
    case 'created':
    case 'updated':
      if (what.why === undefined) return undefined
      return { type: 'Warning', reason: 'FailedReflection', message: failedReflection(remote, what.why) }
    case 'deleted':
      return what.quiet ? undefined : { type: 'Normal', reason: 'ReflectionDisabled', message: what.why }
    case 'failed':
      return isForPerson(what.error)
        ? { type: 'Warning', reason: 'FailedReflection', message: failedReflection(remote, what.error.message) }
        : undefined
    case 'ungiven':
      return isForPerson(what.error)
        ? { type: 'Warning', reason: 'FailedReflection', message: failedStatusReflection(remote, what.error.message) }
        : undefined
    default:
      return undefined
  }
}

export function isForPerson(error: unknown): error is Error {
  return error instanceof IdentityError || (error instanceof ClusterError && !error.retry)
}

/** One Event an object, reason and message: its name is their digest, so repeating it renews it. */
export function toEvent(
  kind: Pick<Kind, 'name'>,
  source: KubeObject,
  remote: string,
  told: Report,
  now: Date,
): KubeObject {
  const { name, namespace = 'default', uid = '' } = source.metadata
  const time = `${now.toISOString().slice(0, 19)}Z`
  const suffix = digest({ uid, ...told })
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name.slice(0, 253 - suffix.length - 1)}.${suffix}`, namespace },
    involvedObject: { apiVersion: source.apiVersion, kind: source.kind, namespace, name, uid },
    type: told.type,
    reason: told.reason,
    message: told.message.slice(0, MAX_MESSAGE),
    source: { component: `heliograph-${kind.name}` },
    reportingComponent: `heliograph.io/${kind.name}`,
    reportingInstance: remote,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  }
}

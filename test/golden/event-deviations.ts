import type { KubeObject } from '../../lib/cluster/port.ts'
import { mapOf } from '../../lib/kinds/json.ts'
import { DIGEST, SOURCE, SOURCE_CLUSTER_UID, SOURCE_UID, sourceRef } from '../../lib/reflect/stamp.ts'
import type { Golden } from './cases.ts'
import { ANY_TEXT } from './compare.ts'
import type { Deviation } from './deviations.ts'
import { type Action, withActions } from './reflection.ts'

/** Starts of Liqo's texts for Events that are never written here. */
const UNSAID = /^(Successfully reflected|Error updating local|Error deleting local|.*: error updating status)/

/** Where Events mean to differ. */
export const eventDeviations: readonly Deviation[] = [
  {
    name: 'texts-that-are-said',
    reason:
      'A success, and a write at home that failed and is tried again, are lines in the log of the function; Liqo has Events and texts for them.',
    rewrite: (expected, given) => {
      if (given.kind !== 'event-message') return expected
      return Object.fromEntries(Object.entries(mapOf(expected)).filter(([, text]) => !UNSAID.test(String(text))))
    },
  },
  {
    name: 'events-of-pods',
    reason:
      'An Event about a ShadowPod is one about the Pod at home, where it is not known; Liqo copies the kind, so that nobody who describes the pod sees the Event.',
    rewrite: (expected, given) =>
      withEvents(expected, given, (event) => {
        const { kind } = mapOf(event.involvedObject)
        if (kind !== 'ShadowPod') return event
        return { ...event, involvedObject: { ...mapOf(event.involvedObject), kind: 'Pod', apiVersion: 'v1' } }
      }),
  },
  {
    name: 'events-are-stamped',
    reason:
      'The copy of an Event is applied, guarded and stamped as any target, so that it is deleted only by the word of the cluster that it came from; Liqo creates it.',
    rewrite: (expected, given) => {
      const { remoteNamespace, name } = given.params as Record<string, string>
      const stamp = {
        [SOURCE]: sourceRef(remoteNamespace, String(name)),
        [SOURCE_UID]: ANY_TEXT,
        [SOURCE_CLUSTER_UID]: ANY_TEXT,
        [DIGEST]: ANY_TEXT,
      }
      const applied = withActions(expected, (action) => (isCopy(action, given) ? { ...action, verb: 'apply' } : action))
      return withEvents(applied, given, (event) => ({
        ...event,
        apiVersion: 'v1',
        kind: 'Event',
        metadata: {
          ...event.metadata,
          annotations: { ...event.metadata.annotations, ...stamp },
          resourceVersion: ANY_TEXT,
        },
      }))
    },
  },
]

function isCopy({ cluster, resource, object }: Action, given: Golden): boolean {
  return given.kind === 'reflect-event' && cluster === 'local' && resource === 'events' && object !== undefined
}

function withEvents(expected: unknown, given: Golden, change: (event: KubeObject) => KubeObject): unknown {
  return withActions(expected, (action) => {
    const object = isCopy(action, given) ? change(action.object as KubeObject) : action.object
    return object === action.object ? action : { ...action, object: object as KubeObject }
  })
}

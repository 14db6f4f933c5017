import type { KubeObject } from '../../cluster/port.ts'
import { POD, SHADOW_POD } from '../../cluster/resources.ts'
import { mapOf } from '../json.ts'
import type { Context, Found } from '../kind.ts'
import { filled, remoteMeta, without } from '../meta.ts'

/** What an Event is about, in terms of home. Empty strings where it does not say. */
export interface Involved {
  kind: string
  name: string
}

/** A ShadowPod is not known at home: what happens to it happens to the pod. */
export function involvedIn(event: KubeObject): Involved {
  const { kind, name } = mapOf(event.involvedObject)
  const isShadow = kind === SHADOW_POD.kind
  return { kind: isShadow ? POD.kind : String(kind ?? ''), name: String(name ?? '') }
}

/** The object at home that the Event is about. */
export function involvedObject(found: Found): KubeObject | undefined {
  return Object.values(found).flat()[0]
}

/** Characters of a message: as many as the API server takes in an Event of the newer form. */
const MAX_MESSAGE = 1024

/**
 * The Event at home: as it is there, about the object of home, and with a component that tells where it comes from,
 * e.g. `kubelet (remote)`. Source of the rule: Liqo v1.2, `pkg/virtualKubelet/forge/events.go`, which leaves the kind
 * `ShadowPod`, so that nobody who describes the pod sees the Event.
 */
export function homeEvent(event: KubeObject, context: Context, found: Found): KubeObject {
  const about = involvedObject(found)
  const { apiVersion: version, kind: given } = mapOf(event.involvedObject)
  const { kind, name } = involvedIn(event)
  const { component } = mapOf(event.source)
  return {
    ...event,
    metadata: { ...remoteMeta(event, context), namespace: context.homeNamespace },
    involvedObject: {
      ...without(mapOf(event.involvedObject), ['resourceVersion', 'uid']),
      ...filled({ apiVersion: kind === given ? version : about?.apiVersion, kind, name, uid: about?.metadata.uid }),
      namespace: context.homeNamespace,
    },
    source: { ...mapOf(event.source), component: `${typeof component === 'string' ? component : ''} (remote)`.trim() },
    ...(typeof event.message === 'string' && { message: event.message.slice(0, MAX_MESSAGE) }),
  }
}

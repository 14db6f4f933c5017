import type { Resource } from '../../cluster/port.ts'
import {
  CONFIGMAP,
  ENDPOINT_SLICE,
  EVENT,
  INGRESS,
  PERSISTENT_VOLUME_CLAIM,
  POD,
  SECRET,
  SERVICE,
} from '../../cluster/resources.ts'
import { defineKind, type Read } from '../kind.ts'
import { ORIGIN } from '../meta.ts'
import { homeEvent, involvedIn } from './forge.ts'
import { selectEvent } from './select.ts'

/**
 * Remote Event to home Event, so that `kubectl describe` at home tells what happens to an object elsewhere. A copy is
 * made once and then left alone: counts that rise at the source would be a write each. Source of the rules: Liqo v1.2,
 * `pkg/virtualKubelet/reflection/event`.
 */
export const event = defineKind({
  name: 'event',
  source: {
    side: 'remote',
    resource: EVENT,
    // The scheduler and newer controllers write the same objects by this group.
    groups: ['events.k8s.io'],
    // A further occurrence changes nothing at home, and an Event that expires is not told of at all: the sweep sees it.
    verbs: ['create'],
  },
  target: { side: 'home', resource: EVENT, verbs: [] },
  reads: {
    configmap: involved(CONFIGMAP),
    secret: involved(SECRET),
    endpointslice: involved(ENDPOINT_SLICE),
    ingress: involved(INGRESS),
    service: involved(SERVICE),
    persistentvolumeclaim: involved(PERSISTENT_VOLUME_CLAIM),
    pod: involved(POD),
  },
  select: selectEvent,
  // An Event of home itself.
  yields: ({ metadata: { labels } }) => !(labels && ORIGIN in labels),
  forge: homeEvent,
  adapt: (_desired, target) => target,
  expires: true,
  untold: true,
})

/** The object at home that the Event is about, where it is of that kind: its uid is wanted. */
function involved(resource: Resource): Read {
  return {
    side: 'home',
    resource,
    part: 'metadata',
    wanted: (event) => {
      const { kind, name } = involvedIn(event)
      return { names: kind === resource.kind && name ? [name] : [] }
    },
  }
}

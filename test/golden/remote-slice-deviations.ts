import type { KubeObject } from '../../lib/cluster/port.ts'
import { MANAGED_BY, MANAGER } from '../../lib/kinds/endpointslice/forge.ts'
import { type Json, mapOf, mapsOf } from '../../lib/kinds/json.ts'
import { DESTINATION, filled, marks, ORIGIN, without } from '../../lib/kinds/meta.ts'
import { ALREADY_EXISTS, failedReflection } from '../../lib/reflect/messages.ts'
import type { Golden } from './cases.ts'
import { ANY_TEXT, differences } from './compare.ts'
import { contextOf } from './context.ts'
import type { Deviation } from './deviations.ts'
import { type Action, type Answer, withActions } from './reflection.ts'
import {
  homeSliceOf,
  isDenied,
  isDirect,
  isPeered,
  outcomeOf,
  rangeOf,
  reachOf,
  shadowOf,
  standingSlice,
  templateOf,
} from './remote-slices.ts'
import { toSlice } from './slices.ts'

/** Where a slice that is written means to differ. */
const ofWritten: readonly Deviation[] = [
  {
    name: 'peerings-are-configured',
    reason:
      'Without a peering, or an origin, a slice is nobody’s to make: nothing is written, and nothing fails. Liqo tries for ever.',
    rewrite: (expected, given) => {
      if (!isOfKind(given) || !shadowOf(given) || (isPeered(given) && homeSliceOf(given))) return expected
      return hasFailed(expected) ? { actions: [] } : expected
    },
  },
  {
    name: 'no-slice-fails',
    reason:
      'An address that cannot be translated keeps nothing else of its slice from the remote cluster, and while no names are agreed on the slice is there without addresses; Liqo fails and writes nothing, so that an earlier slice goes on leading to what its addresses may mean by now.',
    rewrite: (expected, given) => {
      if (!isOfKind(given) || !hasFailed(expected)) return expected
      return { actions: [{ ...place(given), verb: 'create', object: asLiqoWould(given) }] }
    },
  },
  {
    name: 'one-writer',
    reason:
      'The function that applies the EndpointSlice also deletes it, and says of each endpoint what Liqo’s virtual kubelet says: that it is on home, and that what it refers to is remote. In Liqo a controller creates or patches it for a ShadowEndpointSlice, which owns it.',
    rewrite: (expected, given) => {
      if (!isOfKind(given)) return expected
      const answer = { events: [], ...mapOf(expected) } as unknown as Answer
      const { metadata } = standingSlice(given) ?? {}
      if (!homeSliceOf(given) && isPeered(given) && isOurs(given)) {
        const options = { preconditions: { uid: metadata?.uid ?? ANY_TEXT } }
        return { ...answer, actions: [{ ...place(given), verb: 'delete', options }] }
      }
      return withActions(answer, (action) => ({ ...action, verb: 'apply', object: ownSlice(action, given) }))
    },
  },
  {
    name: 'through-home',
    reason:
      'Every address outside home’s pod CIDR is reached by one of home’s external CIDR, which home gives it: pods of a third cluster too, and none is refused for want of a direct connection. Liqo’s remote cluster passes what it does not know as it is, to wherever its own network takes that.',
    rewrite: (expected, given) =>
      withEndpoints(expected, given, (endpoints) => {
        const theirs = endpoints.values()
        return mapsOf(templateOf(given).endpoints).map((source) => {
          const endpoint = isDenied(given, source) ? ownEndpoint(source, source, given) : (theirs.next().value ?? {})
          const addresses = textsOf(source.addresses).map((text, index) => {
            const isTheirs = !isDirect(given, text) && (!reachOf(given).isInternal || rangeOf(given, text))
            const outcome = outcomeOf(given, text)
            return 'address' in outcome && !isTheirs ? outcome.address : textsOf(endpoint.addresses)[index]
          })
          return { ...endpoint, addresses }
        })
      }),
  },
  {
    name: 'ready-unless-told',
    reason: 'An endpoint of which home says nothing stays so, which means ready; Liqo writes that it is.',
    rewrite: (expected, given) =>
      withEndpoints(expected, given, (endpoints) => {
        const sources = mapsOf(templateOf(given).endpoints)
        return endpoints.map((endpoint, index) => {
          const { ready, ...others } = mapOf(endpoint.conditions)
          const isUntold = mapOf(sources[index]?.conditions).ready == null
          return isUntold && ready === true ? { ...endpoint, conditions: others } : endpoint
        })
      }),
  },
  {
    name: 'whole-endpoints',
    reason:
      'All that home says of an endpoint is applied, each time; Liqo’s patch of a slice that is there has `ready` alone of the conditions and zones alone of the hints.',
    rewrite: (expected, given) =>
      withEndpoints(expected, given, (endpoints) => {
        const sources = mapsOf(templateOf(given).endpoints)
        return endpoints.map((endpoint, index) => {
          const { conditions, targetRef: _, nodeName: __, ...fields } = sources[index] ?? {}
          return {
            ...filled(without(fields, ['deprecatedTopology'])),
            ...without(endpoint, ['hints']),
            conditions: filled({ ...without(mapOf(conditions), ['ready']), ...mapOf(endpoint.conditions) }),
          }
        })
      }),
  },
  {
    name: 'withheld-of-a-slice',
    reason:
      'An address that may not go over, or for which there is no name, is left out, with its endpoint if it was the only one, and the owner of the slice at home is told by a Warning; Liqo’s remote cluster passes it.',
    rewrite: (expected, given) => {
      const sources = mapsOf(templateOf(given).endpoints).map(({ addresses }) => textsOf(addresses))
      const isRefused = (text: string) => 'refused' in outcomeOf(given, text)
      const left = withEndpoints(expected, given, (endpoints) =>
        endpoints
          .map((endpoint, index) => ({
            ...endpoint,
            addresses: textsOf(endpoint.addresses).filter((_, at) => !isRefused(sources[index]?.[at] ?? '')),
          }))
          .filter(({ addresses }) => addresses.length > 0),
      )
      return left === expected ? expected : { ...(left as Answer), events: [warning(given, whyWithheld(given))] }
    },
  },
  {
    name: 'withdrawn-later',
    reason:
      'Endpoints of a home out of reach are not ready once it has been so for more than a moment, by a second write of the slice as it stands, and then none is serving either: a proxy would still send to one that is terminating. Liqo writes at once that they are not ready, and no more.',
    rewrite: (expected, given) => {
      if (!isOfKind(given) || isInReach(given)) return expected
      const isShown = ({ addresses }: Json) => textsOf(addresses).some((text) => 'address' in outcomeOf(given, text))
      const shown = mapsOf(templateOf(given).endpoints).filter(isShown)
      if (shown.every(({ conditions }) => mapOf(conditions).ready === false)) return expected
      return withActions(expected, (action) => {
        if (!action.object) return action
        const { labels, ...others } = action.object.metadata
        const standing = standingSlice(given)?.metadata.labels
        const metadata = { uid: ANY_TEXT, ...others, labels: { ...standing, ...labels } }
        const endpoints = mapsOf(action.object.endpoints).map((one) => {
          return { ...one, conditions: { ...mapOf(one.conditions), serving: false } }
        })
        return { ...action, object: { ...action.object, metadata, endpoints } }
      })
    },
  },
]

/** Where the second half of Liqo's way, from a ShadowEndpointSlice to an EndpointSlice, means to differ. */
export const remoteSliceDeviations: readonly Deviation[] = [
  ...ofWritten,
  {
    name: 'no-takeover',
    reason:
      'An EndpointSlice without our marks is left alone, and the owner of the slice at home is told; Liqo applies over it by force.',
    rewrite: (expected, given) => {
      if (!isOfKind(given) || !isPeered(given) || !homeSliceOf(given)) return expected
      if (!standingSlice(given) || isOurs(given)) return expected
      // Only what Liqo would apply anyway: of anything else that a case expects, nothing is said here.
      const forced = { actions: [{ ...place(given), verb: 'apply', object: asLiqoWould(given) }] }
      const own = ofWritten.reduce<unknown>((before, { rewrite }) => rewrite(before, given), forced)
      if (differences(own, expected).length > 0) return expected
      return { actions: [], events: [warning(given, ALREADY_EXISTS)] }
    },
  },
]

function isOfKind({ kind }: Golden): boolean {
  return kind === 'endpointslice-remote'
}

function hasFailed(expected: unknown): boolean {
  return mapOf(expected).error !== undefined
}

function isInReach(given: Golden): boolean {
  const { isInternal, isTunnelUp, doesHomeAnswer } = reachOf(given)
  return doesHomeAnswer && (isTunnelUp || !isInternal)
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

/** The endpoints of the shadow that Liqo makes something of. */
function takenByLiqo(given: Golden): Json[] {
  return mapsOf(templateOf(given).endpoints).filter((endpoint) => !isDenied(given, endpoint))
}

/** There is a slice with the marks of this peering, and with the label of those that are reflected. */
function isOurs(given: Golden): boolean {
  const { labels = {} } = standingSlice(given)?.metadata ?? {}
  const { home, remote } = contextOf(given)
  return labels[ORIGIN] === home && labels[DESTINATION] === remote && labels[MANAGED_BY] === MANAGER
}

function place(given: Golden): Omit<Action, 'verb'> {
  const namespace = contextOf(given).remoteNamespace
  return { cluster: 'this', resource: 'endpointslices.discovery.k8s.io', namespace, name: String(given.params.name) }
}

/** What Liqo would write if all went well, with addresses that it has no objection to as they are. */
function asLiqoWould(given: Golden): KubeObject {
  const { metadata } = shadowOf(given)!
  const slice = toSlice({ metadata, spec: { template: templateOf(given) } })
  const endpoints = takenByLiqo(given).map((one) => {
    const addresses = textsOf(one.addresses).map((text) => {
      const outcome = outcomeOf(given, text)
      return 'address' in outcome ? outcome.address : text
    })
    const { ready, ...others } = mapOf(one.conditions)
    return { ...one, addresses, conditions: { ...others, ready: ready === false ? false : isInReach(given) } }
  })
  return { ...slice, endpoints }
}

/** The slice as it is applied: with marks, as whoever asks for it, and without Liqo's own label and owner. */
function ownSlice({ object }: Action, given: Golden): KubeObject {
  const slice = object as KubeObject
  const { name, namespace, labels, annotations } = slice.metadata
  const { metadata } = standingSlice(given) ?? {}
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    ...filled(without(slice, ['metadata', 'endpoints'])),
    metadata: {
      name,
      ...(namespace && { namespace }),
      ...(metadata && { uid: metadata.uid ?? ANY_TEXT }),
      labels: { ...without(labels, ['liqo.io/managed-by']), ...marks(contextOf(given)), [MANAGED_BY]: MANAGER },
      ...(annotations && { annotations: without(annotations, ['liqo.io/direct-connections-data']) }),
    },
    endpoints: mapsOf(slice.endpoints).map((endpoint, index) => {
      const source = takenByLiqo(given)[index]
      return ownEndpoint(endpoint, source ?? endpoint, given)
    }),
  } as KubeObject
}

function ownEndpoint(endpoint: Json, { targetRef }: Json, given: Golden): Json {
  const kind = `Remote${String(mapOf(targetRef).kind).replace(/^Remote/, '')}`
  return {
    ...endpoint,
    nodeName: contextOf(given).home,
    ...(targetRef != null && { targetRef: { ...mapOf(targetRef), kind } }),
  }
}

/** `expected` with the endpoints of what is applied put through `change`; itself where that changes nothing. */
function withEndpoints(expected: unknown, given: Golden, change: (endpoints: Json[]) => Json[]): unknown {
  if (!isOfKind(given)) return expected
  return withActions(expected, (action) => {
    if (!action.object) return action
    const before = mapsOf(action.object.endpoints)
    const endpoints = change(before)
    if (JSON.stringify(endpoints) === JSON.stringify(before)) return action
    return { ...action, object: { ...action.object, endpoints } }
  })
}

/** A sentence a reason, with the first of its addresses. */
function whyWithheld(given: Golden): string {
  const texts = mapsOf(templateOf(given).endpoints).flatMap(({ addresses }) => textsOf(addresses))
  const refused = texts.map((text) => outcomeOf(given, text)).filter((outcome) => 'refused' in outcome)
  const told = [...Map.groupBy(refused, (refusal) => refusal.refused).values()].map((some) => {
    if (some.length === 1) return `1 address withheld: ${some[0]!.why}`
    return `${some.length} addresses withheld, the first because ${some[0]!.why}`
  })
  return told.join('; ')
}

function warning(given: Golden, why: string): string {
  return `Warning FailedReflection ${failedReflection(contextOf(given).remote, why)}`
}

import { type Json, mapOf, mapsOf } from '../../lib/kinds/json.ts'
import { filled, without } from '../../lib/kinds/meta.ts'
import { parseAddress } from '../../lib/policy/address.ts'
import { specialOf } from '../../lib/policy/allow-list.ts'
import type { Golden } from './cases.ts'
import type { Deviation } from './deviations.ts'
import { networksOf } from './networks.ts'
import { type Action, type Answer, isAnswer, remoteNamed, withActions } from './reflection.ts'
import { inputOf } from './runner.ts'
import { appliedSlice, endpointsElsewhere, isPodOf, toSlice } from './slices.ts'

const RESOURCE = 'endpointslices.discovery.k8s.io'

/** Where EndpointSlices mean to differ from Liqo's. */
export const sliceDeviations: readonly Deviation[] = [
  {
    name: 'slices-in-one-step',
    reason:
      'The function knows both clusters, so it applies the EndpointSlice itself; Liqo creates or replaces a ShadowEndpointSlice, of which a controller in the remote cluster makes one. What others own on a slice is left to them.',
    rewrite: (expected, given) => {
      if (given.kind === 'endpointslice') return Object.hasOwn(inputOf(given), 'remote') ? ownMeta(expected) : expected
      if (given.kind !== 'reflect-endpointslice') return expected
      return withActions(expected, (action) => ({
        ...action,
        resource: RESOURCE,
        verb: action.verb === 'delete' ? 'delete' : 'apply',
        ...(action.object && { object: toSlice(action.object) }),
      }))
    },
  },
  {
    name: 'stamped-once',
    reason: 'A copy that an earlier Liqo made is taken over by giving it our stamp, even where its contents are right.',
    rewrite: (expected, given) => {
      if (given.kind !== 'reflect-endpointslice' || !isSilent(expected) || !isCopied(given)) return expected
      return { ...(expected as Answer), actions: [applied(given)] }
    },
  },
  {
    name: 'addresses-withheld',
    reason:
      'An address that cannot be reflected is left out, with its endpoint if it was the only one, and the owner of the slice is told by a Warning: names too, as what they resolve to cannot be checked. Liqo passes names unless addresses are mapped, and otherwise fails and reflects nothing of the slice.',
    rewrite: (expected, given) => {
      const unmapped = /^failed to translate endpoint IP (\S+): /.exec(String((expected as Answer | undefined)?.error))
      if (given.kind === 'reflect-endpointslice' && unmapped)
        return { actions: [applied(given)], events: [told(given)] }
      if (given.kind !== 'endpointslice') return expected
      return withEndpoints(expected, (endpoints) => {
        const left = endpoints.map((one) => ({ ...one, addresses: (one.addresses as string[]).filter(mayGoOver) }))
        return left.filter(({ addresses }) => addresses.length > 0)
      })
    },
  },
  {
    name: 'all-of-an-endpoint',
    reason:
      "An endpoint's `serving` and `terminating`, and fields of later versions, are reflected; Liqo's list of what travels is closed, so that pods on their way out look lost at once.",
    rewrite: (expected, given) => {
      const of = (endpoints: Json[]) => withAllFields(endpoints, given)
      if (given.kind === 'endpointslice') return withEndpoints(expected, of)
      if (given.kind !== 'reflect-endpointslice') return expected
      return withActions(expected, (action) => {
        const endpoints = of(mapsOf(action.object?.endpoints))
        return action.object && endpoints.length > 0 ? { ...action, object: { ...action.object, endpoints } } : action
      })
    },
  },
]

/** By position: endpoints keep their order. Where an endpoint is missing nothing is said, and the case shows it. */
function withAllFields(endpoints: Json[], given: Golden): Json[] {
  const sources = endpointsElsewhere(given)
  if (sources.length !== endpoints.length) return endpoints
  return endpoints.map((one, index) => {
    const { conditions, ...fields } = without(sources[index], LIQO_KNOWS)
    return { ...fields, ...one, conditions: filled(mapOf(conditions)) }
  })
}

const LIQO_KNOWS = ['addresses', 'deprecatedTopology', 'hostname', 'hints', 'nodeName', 'targetRef', 'zone']

function mayGoOver(text: string): boolean {
  const address = parseAddress(text)
  return 'family' in address && specialOf(address) === undefined
}

function withEndpoints(expected: unknown, change: (endpoints: Json[]) => Json[]): unknown {
  const { spec, ...rest } = mapOf(expected)
  const { endpoints, ...template } = mapOf(mapOf(spec).template)
  const before = mapsOf(endpoints)
  const after = change(before)
  if (JSON.stringify(after) === JSON.stringify(before)) return expected
  return { ...rest, spec: { template: { ...template, ...filled({ endpoints: after }) } } }
}

function ownMeta(expected: unknown): unknown {
  const { metadata } = toSlice(expected as Parameters<typeof toSlice>[0])
  return { ...mapOf(expected), metadata }
}

function isSilent(expected: unknown): boolean {
  return isAnswer(expected) && expected.actions.length === 0 && expected.events.length === 0 && !expected.error
}

function isCopied(given: Golden): boolean {
  const name = String(given.params.name)
  const { local = [] } = inputOf<{ local: { metadata: { name: string } }[] }>(given)
  return remoteNamed(given, name) !== undefined && local.some(({ metadata }) => metadata.name === name)
}

function applied(given: Golden): Action {
  const { name, remoteNamespace: namespace } = given.params as Record<string, string>
  return {
    cluster: 'remote',
    verb: 'apply',
    resource: RESOURCE,
    namespace: namespace!,
    name: name!,
    object: appliedSlice(given),
  }
}

function told(given: Golden): string {
  const { id } = given.params.remoteCluster as { id: string }
  const { home } = networksOf(given)
  const withheld = endpointsElsewhere(given)
    .flatMap(({ addresses }) => addresses as string[])
    .filter((address) => !isPodOf(given, address))
  const why =
    home.plan.externalCIDRs.length > 0
      ? `${withheld[0]} has no address in the external CIDR of ${home.id} yet`
      : `${withheld[0]} is in no pod CIDR of ${home.id}, which has no IPv4 external CIDR`
  const told =
    withheld.length === 1
      ? `1 address withheld: ${why}`
      : `${withheld.length} addresses withheld, the first because ${why}`
  return `Warning FailedReflection Error reflecting object to cluster ${JSON.stringify(id)}: ${told}`
}

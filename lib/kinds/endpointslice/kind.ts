import type { KubeObject } from '../../cluster/port.ts'
import { ENDPOINT_MAPPING, ENDPOINT_SLICE, LEASE, NODE, SERVICE } from '../../cluster/resources.ts'
import { mappingSelector } from '../../flows/mapping/mapping.ts'
import { LEASE_NAMESPACE } from '../../flows/reachability/lease.ts'
import { meaningOf } from '../../policy/flags.ts'
import { objectReflectionDisabled } from '../../reflect/messages.ts'
import { bySkipAndAllow, explicitChoice } from '../../reflect/selection.ts'
import { type Context, defineKind, type Found, type Selection } from '../kind.ts'
import { targetSelector } from '../meta.ts'
import { isNegotiable, TUNNEL } from '../negotiated.ts'
import {
  MANAGED_BY,
  MANAGER,
  mayNeedMappings,
  neededMappings,
  nodesOf,
  remoteEndpointSlice,
  withheldAddresses,
} from './forge.ts'

/** Label of a slice: the Service that it is of. */
const SERVICE_NAME = 'kubernetes.io/service-name'

const HOME_LEASE = { side: 'remote', resource: LEASE } as const

export const endpointslice = defineKind({
  name: 'endpointslice',
  source: { side: 'home', resource: ENDPOINT_SLICE },
  // The remote Service bears the marks, and its control plane copies a Service's labels to the slices it makes of it.
  target: { side: 'remote', resource: ENDPOINT_SLICE, labels: { [MANAGED_BY]: MANAGER } },
  reads: {
    /** Its annotations decide with the slice's own, and can be set at any time. */
    service: {
      side: 'home',
      resource: SERVICE,
      part: 'metadata',
      wanted: (source) => ({ names: serviceOf(source) }),
      wakes: { label: SERVICE_NAME },
    },
    /**
     * They wake nothing: the label that counts stands from a node's creation, before an endpoint can be on it, and pods
     * of a node that goes are deleted, which changes the slice.
     */
    nodes: { side: 'home', resource: NODE, part: 'metadata', wanted: (source) => ({ names: nodesOf(source) }) },
    tunnel: TUNNEL,
    /**
     * Whether the remote cluster counts on home, which is read here: only the tunnel between them may be down. It wakes
     * nothing: who writes it reflects all slices (lib/flows/reachability).
     */
    lease: {
      ...HOME_LEASE,
      namespace: LEASE_NAMESPACE,
      wanted: (_source, context) =>
        isNegotiable(context) ? { labelSelector: targetSelector(HOME_LEASE, context) } : { names: [] },
    },
    /**
     * They wake nothing: who makes one goes on to use it, none goes while a slice needs it (lib/flows/mapping), and one
     * that somebody deletes by hand is made anew by the sweep.
     */
    mappings: {
      side: 'home',
      resource: ENDPOINT_MAPPING,
      wanted: (source, context) =>
        mayNeedMappings(source, context) ? { labelSelector: mappingSelector(context.remote) } : { names: [] },
    },
  },
  select: selectEndpointSlice,
  provides: { read: 'mappings', forge: neededMappings },
  renews: (target, desired) => target.addressType !== desired.addressType,
  forge: remoteEndpointSlice,
  notices: withheldAddresses,
})

function serviceOf({ metadata }: KubeObject): string[] {
  const name = metadata.labels?.[SERVICE_NAME]
  return name ? [name] : []
}

/**
 * | first that holds | reflected |
 * |---|---|
 * | slice of `default/kubernetes` | no: it leads to the API server of its own cluster |
 * | reflection of Services is off | no, and nothing is taken back |
 * | `reflectIPs` is false on either side | no: what was reflected earlier is removed |
 * | the slice has both annotations | no, and an earlier copy stays; its owner is told |
 * | the slice has one of them | as it says, whatever the type |
 * | its Service is there | as for the Service |
 * | | as its own annotations say under the type |
 *
 * Source of the rule: Liqo v1.2, `pkg/virtualKubelet/reflection/exposition/endpointslice.go`.
 */
export function selectEndpointSlice(source: KubeObject, context: Context, { service = [] }: Found): Selection {
  if (context.homeNamespace === 'default' && [source.metadata.name, ...serviceOf(source)].includes('kubernetes')) {
    const why = 'the kubernetes service is the API server of its own cluster'
    return { reflect: false, keep: true, quiet: true, why }
  }
  if (context.reflection === 'Off') return bySkipAndAllow(source, context)
  const { endpointSlices, disagreements } = meaningOf(context.networks.home, context.networks.remote)
  if (!endpointSlices) {
    const disagreement = disagreements.find(({ flag }) => flag === 'reflectIPs')
    if (disagreement) return { reflect: false, deliberate: true, fault: true, why: disagreement.why }
    return { reflect: false, deliberate: true, quiet: true, why: 'addresses are not reflected: reflectIPs is false' }
  }
  switch (explicitChoice(source)) {
    case 'contradiction':
      return { reflect: false, keep: true, fault: true, why: 'the object has both the skip and the allow annotation' }
    case 'reflect':
      return { reflect: true }
    case 'skip':
      return { reflect: false, why: objectReflectionDisabled(context.remote, context.reflection) }
    default:
      return bySkipAndAllow(service[0] ?? source, context)
  }
}

import type { Resource } from '../lib/cluster/port.ts'
import {
  ACCOUNTS_NAMESPACE,
  NAMESPACE,
  NAMESPACE_OFFLOADING,
  NODE,
  POD,
  SERVICE_ACCOUNT,
  SHADOW_POD,
  SYSTEM_NAMESPACE,
} from '../lib/cluster/resources.ts'
import { namespace } from '../lib/flows/namespace/kind.ts'
import { serviceaccount } from '../lib/flows/serviceaccount/kind.ts'
import { KINDS } from '../lib/kinds/index.ts'
import type { Kind, Side } from '../lib/kinds/kind.ts'
import { KUBELET_RIGHTS } from './kubelet-rights.ts'
import { MAPPING_RIGHTS } from './mapping-rights.ts'
import { NETWORK_REMOVAL_RIGHTS, NETWORK_RIGHTS } from './network-rights.ts'
import { NODE_RIGHTS } from './node-rights.ts'
import { GROUP, kindRules, merged, type Rule, TELL } from './rbac.ts'
import { VOLUME_RIGHTS } from './volume-rights.ts'

/** Group of a function alone: of its certificate, or of its role's access entry in EKS. */
export const groupOf = (fn: string): string => `${GROUP}:${fn}`

/** What of the configuration decides about rights in a cluster. */
export interface Use {
  /** What it is to others. */
  sides: readonly Side[]
  /** Pods between it and a peer are gated. */
  gated: boolean
  /** Offloaded pods get tokens of their ServiceAccounts. */
  serviceAccounts: boolean
  /** It is joined with a peer by the internal network. */
  internal: boolean
}

type Rights = (side: Side, use: Use) => readonly Rule[]

/** Whose copy a namespace is, and whether a cluster is the one it was: what every reflection asks first. */
const PAIRS: Readonly<Record<Side, readonly Rule[]>> = {
  home: [
    { resource: NAMESPACE, verbs: ['get'] },
    { resource: NAMESPACE_OFFLOADING, verbs: ['get'] },
  ],
  remote: [{ resource: NAMESPACE, verbs: ['get', 'list'] }],
}

const reflecting =
  (...kinds: readonly Kind[]): Rights =>
  (side) => [
    ...PAIRS[side],
    ...kindRules(kinds, side),
    ...(kinds.some((kind) => kind.source.side === side && !kind.untold) ? [TELL] : []),
  ]

const claim = KINDS.filter(({ name }) => name === 'persistentvolumeclaim')
const claims: Rights = (side) => [...reflecting(...claim)(side, NOTHING), ...VOLUME_RIGHTS[side]]
const NOTHING: Use = { sides: [], gated: false, serviceAccounts: false, internal: false }

const slices = reflecting(...KINDS.filter(({ name }) => name === 'endpointslice'))

/** A namespace that is new elsewhere is filled at once: that takes what its kinds take. */
const namespaces: Rights = (side, use) => [
  ...reflecting(namespace, ...KINDS)(side, use),
  ...(side === 'home' ? LABEL_AND_STATUS : []),
]

const LABEL_AND_STATUS: readonly Rule[] = [
  // The label that its pods are admitted by.
  { resource: NAMESPACE, verbs: ['get', 'patch'] },
  { resource: NAMESPACE_OFFLOADING, subresource: 'status', verbs: ['patch'] },
]

/** Pods that were sent to a cluster in vain. */
const refused: Rights = (side) =>
  side === 'home'
    ? [
        { resource: NAMESPACE_OFFLOADING, verbs: ['get'] },
        { resource: NODE, verbs: ['list'] },
      ]
    : []

/** What each function may do in a cluster, on each side; the functions of kinds without a row reflect, and no more. */
const ROWS: Readonly<Record<string, Rights>> = {
  namespace: namespaces,
  pod: (side, use) => [
    ...reflecting(...KINDS.filter(({ name }) => name === 'pod'))(side, use),
    ...refused(side, use),
    // The claims of gated pods: no scheduler tells where they belong.
    ...(use.gated ? claims(side, use) : []),
  ],
  persistentvolumeclaim: claims,
  endpointslice: (side, use) => [...slices(side, use), ...MAPPING_RIGHTS[side]],
  serviceaccount: (side, use) => (use.serviceAccounts ? tokens(side, use) : []),
  // Endpoints follow the reachability of their home.
  node: (side, use) => [...slices(side, use), ...NODE_RIGHTS[side]],
  network: (_, use) => (use.internal ? NETWORK_RIGHTS : []),
  admission: (side) => ADMISSION[side],
  kubelet: (side) => [...PAIRS[side], ...KUBELET_RIGHTS[side]],
  sweep: (side, use) => [
    ...namespaces(side, use),
    ...claims(side, use),
    ...refused(side, use),
    ...MAPPING_RIGHTS[side],
    ...(use.internal ? NETWORK_RIGHTS : NETWORK_REMOVAL_RIGHTS),
  ],
}

const ADMISSION: Readonly<Record<Side, readonly Rule[]>> = {
  home: [{ resource: NAMESPACE_OFFLOADING, verbs: ['get'] }],
  remote: [
    { resource: NAMESPACE, verbs: ['get'] },
    { resource: SHADOW_POD, verbs: ['list'] },
  ],
}

const tokens: Rights = (side, use) => [
  ...reflecting(serviceaccount)(side, use),
  ...(side === 'home'
    ? [
        { resource: SERVICE_ACCOUNT, subresource: 'token', verbs: ['create'] },
        // Those that run elsewhere.
        { resource: POD, verbs: ['list'] },
        { resource: NODE, verbs: ['list'] },
      ]
    : []),
]

/** Functions that may do something in a cluster. The webhook function faces the network, and may do nothing in any. */
export const ACTING: readonly string[] = [...new Set([...Object.keys(ROWS), ...KINDS.map(({ name }) => name)])]

/** Groups that tell the functions' own requests from others'. */
export const OUR_GROUPS: readonly string[] = [
  GROUP,
  ...ACTING.map(groupOf),
  `system:serviceaccounts:${ACCOUNTS_NAMESPACE}`,
]

/**
 * What a function may do in a cluster that is used so: one rule a resource and place, none where it has no business there.
 * SYSTEM_NAMESPACE is there, and anything in it asked for, only where the internal network is.
 */
export function rightsOf(fn: string, use: Use): Rule[] {
  const row = ROWS[fn] ?? reflecting(...KINDS.filter(({ name }) => name === fn))
  const rules = use.sides.flatMap((side) => row(side, use))
  return merged(rules.filter(({ namespace }) => namespace !== SYSTEM_NAMESPACE || use.internal))
}

/** What all of them together may do. */
export function rightsOfAll(use: Use): Rule[] {
  return merged(ACTING.flatMap((fn) => rightsOf(fn, use)))
}

/** `pods/log` */
export function resourceOf({ resource, subresource }: { resource: Resource; subresource?: string }): string {
  return subresource ? `${resource.plural}/${subresource}` : resource.plural
}

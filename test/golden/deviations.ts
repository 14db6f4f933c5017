import type { KubeObject } from '../../lib/cluster/port.ts'
import { DIGEST, SOURCE, SOURCE_CLUSTER_UID, SOURCE_UID, sourceRef } from '../../lib/reflect/stamp.ts'
import type { Golden } from './cases.ts'
import { ANY_TEXT } from './compare.ts'
import { eventDeviations } from './event-deviations.ts'
import { ipamDeviations } from './ipam-deviations.ts'
import { podDeviations } from './pod-deviations.ts'
import { type Action, type Answer, deletions, isAnswer, localOf, remoteNamed, withActions } from './reflection.ts'
import { remoteSliceDeviations } from './remote-slice-deviations.ts'
import { inputOf } from './runner.ts'
import { sliceDeviations } from './slice-deviations.ts'
import { storageDeviations } from './storage-deviations.ts'
import { tokenDeviations } from './token-deviations.ts'

/** Where we mean to differ from Liqo: rewrites what a case expects, by what the case says, never by its name. */
export interface Deviation {
  name: string
  /** What we do and why, for deviations.md. */
  reason: string
  /** What we expect instead; `expected` itself where the rule does not apply. */
  rewrite: (expected: unknown, given: Golden) => unknown
}

/** In this order, each on what the one before made of it. */
export const deviations: readonly Deviation[] = [
  ...podDeviations,
  {
    name: 'secrets-of-one-cluster',
    reason:
      'Helm releases and bootstrap tokens are never reflected: they serve their own cluster only, and the latter lets whoever holds it join a node.',
    rewrite: (expected, given) => {
      const what = NEVER[String(localOf(given)?.type)]
      if (given.kind !== 'reflect-secret' || !what || !isWanted(expected)) return expected
      return disabled(given, `secrets holding ${what}`, deletions(given))
    },
  },
  {
    name: 'tokens-stay-home',
    reason:
      'Secrets with long-lived service account tokens are not reflected, even where Liqo is told to (`enableSAReflection`): pods get short tokens bound to them instead.',
    rewrite: (expected, given) => {
      const isToken = localOf(given)?.type === 'kubernetes.io/service-account-token'
      if (given.kind !== 'reflect-secret' || !isToken || !given.params.enableSAReflection) return expected
      return isWanted(expected) ? disabled(given, 'secrets holding service account tokens', []) : expected
    },
  },
  {
    name: 'contradiction-is-told',
    reason:
      'An object whose skip and allow annotations contradict each other, where both count, is left as it is and its owner is warned; Liqo fails and retries for ever, which only its log shows.',
    rewrite: (expected, given) => {
      if (given.kind === 'policy' && bothSet(given.input)) return { error: 'any', skip: (expected as Answer).skip }
      const counts = given.kind === 'reflect-configmap' || given.kind === 'reflect-endpointslice'
      if (!counts || !isAnswer(expected) || !expected.error) return expected
      if (!bothSet(localOf(given)?.metadata)) return expected
      const why = 'the object has both the skip and the allow annotation'
      return {
        actions: [],
        events: [`Warning FailedReflection Error reflecting object to cluster ${remote(given)}: ${why}`],
      }
    },
  },
  {
    name: 'unknown-fields-pass',
    reason:
      "A Service's spec travels but for a closed list of fields that belong to the home cluster; Liqo's list of what travels is closed, so it loses what it does not know, such as trafficDistribution.",
    rewrite: (expected, given) => {
      if (given.fn === 'RemoteService') return withUnknown(expected, given.input)
      if (given.kind !== 'reflect-service') return expected
      return withActions(expected, (action) => {
        const object = action.object && withUnknown(action.object, localOf(given))
        return object === action.object ? action : { ...action, object: object as KubeObject }
      })
    },
  },
  ...sliceDeviations,
  ...remoteSliceDeviations,
  ...eventDeviations,
  ...storageDeviations,
  ...tokenDeviations,
  {
    name: 'terminating-target',
    reason: 'A target that is being deleted already is left alone: its last event wakes the key again.',
    rewrite: (expected, given) =>
      withActions(expected, (action) => {
        const isGoing = remoteNamed(given, action.name)?.metadata.deletionTimestamp
        return isGoing && action.cluster !== 'local' ? undefined : action
      }),
  },
  {
    name: 'stamp',
    reason:
      'The engine writes on every target where it comes from and a digest of what was forged, as annotations; the field manager is `heliograph`.',
    rewrite: (expected, given) =>
      withActions(expected, (action) => {
        if (action.verb !== 'apply' || !action.object || action.cluster === 'local') return action
        const source = sourceRef(String(given.params.localNamespace), String(given.params.name))
        const stamp = { [SOURCE]: source, [SOURCE_UID]: ANY_TEXT, [SOURCE_CLUSTER_UID]: ANY_TEXT, [DIGEST]: ANY_TEXT }
        return withMeta(action, { annotations: { ...action.object.metadata.annotations, ...stamp } })
      }),
  },
  {
    name: 'guarded-writes',
    reason:
      'No write is blind: a creation bears a resourceVersion that no object has, an update and a deletion uid and resourceVersion of the target that was looked at; Liqo applies unguarded and deletes by uid.',
    rewrite: (expected, given) =>
      withActions(expected, (action) => {
        if (action.verb === 'delete') {
          const preconditions = { uid: ANY_TEXT, ...action.options?.preconditions, resourceVersion: ANY_TEXT }
          return { ...action, options: { ...action.options, preconditions } }
        }
        if (action.verb !== 'apply' || !action.object || action.cluster === 'local') return action
        const uid = remoteNamed(given, action.name) && {
          uid: remoteNamed(given, action.name)?.metadata.uid ?? ANY_TEXT,
        }
        return withMeta(action, { ...uid, resourceVersion: ANY_TEXT })
      }),
  },
  {
    name: 'no-event-a-write',
    reason: 'A success is a line in the log of the function: an Event for each would double the writes at home.',
    rewrite: (expected) =>
      isAnswer(expected) && expected.events.some(isSuccess)
        ? { ...expected, events: expected.events.filter((event) => !isSuccess(event)) }
        : expected,
  },
  {
    name: 'both-families',
    reason: "IPv6 addresses are renamed as IPv4 ones are; v0.8.3's address manager knows IPv4 only and crashes.",
    rewrite: (expected, given) => {
      const { call, args = [] } = inputOf<{ call: string; args: string[] }>(given)
      const bothIPv6 = args.length === 2 && args.every((text) => text.includes(':'))
      return call === 'MapIPToNetwork' && bothIPv6 && isPanic(expected) ? { result: ANY_TEXT } : expected
    },
  },
  ...ipamDeviations,
  {
    name: 'fields-survive',
    reason:
      "The pins of a pod to nodes by name (matchFields) hold beside what its namespace demands; Liqo's merge loses them, so that a DaemonSet's pods land anywhere.",
    rewrite: (expected, given) => {
      const { pod } = inputOf<{ pod: KubeObject }>(given)
      const own = termsOf(pod)
      const merged = termsOf((expected as { object?: KubeObject }).object)
      if (given.fn !== 'PodWebhook' || !own.some(({ matchFields }) => matchFields) || merged === own) return expected
      const each = merged.length / own.length
      const terms = merged.map((term, index) => ({ ...own[Math.floor(index / each)], ...term }))
      return withSpec(expected, (spec) => ({ ...spec, affinity: affinityOf(spec, terms) }))
    },
  },
  {
    name: 'one-toleration',
    reason: "A pod that tolerates the virtual nodes' taint already gets no second toleration of the kind.",
    rewrite: (expected, given) => {
      const { pod } = inputOf<{ pod: KubeObject }>(given)
      const { tolerations = [] } = (pod?.spec ?? {}) as PodFields
      const isThere = tolerations.some(({ key }) => key === 'virtual-node.liqo.io/not-allowed')
      if (given.fn !== 'PodWebhook' || !isThere) return expected
      return withSpec(expected, (spec) => ({ ...spec, tolerations }))
    },
  },
  {
    name: 'no-offloading-passes',
    reason:
      'A pod in a labelled namespace without a NamespaceOffloading is created as it is: a label left behind must not keep a namespace from running pods.',
    rewrite: (expected, given) => {
      const { pod } = inputOf<{ pod: KubeObject }>(given)
      const { message } = expected as { message?: string }
      if (given.fn !== 'PodWebhook' || message !== 'failed retrieving NamespaceOffloading') return expected
      return { allowed: true, object: { ...pod, status: {} } }
    },
  },
]

interface PodFields {
  affinity?: {
    nodeAffinity?: {
      requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms?: { matchFields?: unknown[] }[] }
    }
  }
  tolerations?: { key?: string }[]
}

function termsOf(pod: KubeObject | undefined): { matchFields?: unknown[] }[] {
  const required = (pod?.spec as PodFields | undefined)?.affinity?.nodeAffinity
  return required?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
}

function affinityOf({ affinity }: PodFields, nodeSelectorTerms: object[]): object {
  const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } }
  return { ...affinity, nodeAffinity: { ...affinity?.nodeAffinity, ...required } }
}

/** The answer with the spec of its pod put through `change`. */
function withSpec(expected: unknown, change: (spec: PodFields) => object): unknown {
  const answer = expected as { object?: KubeObject }
  if (!answer.object) return expected
  const spec = change(answer.object.spec as PodFields)
  const isSame = JSON.stringify(spec) === JSON.stringify(answer.object.spec)
  return isSame ? expected : { ...answer, object: { ...answer.object, spec } }
}

const NEVER: Readonly<Record<string, string>> = {
  'helm.sh/release.v1': 'Helm releases',
  'bootstrap.kubernetes.io/token': 'bootstrap tokens',
}

/** Fields of a Service's spec, and of its ports, that Liqo v1.2 knows: sent, or left out on purpose. */
const SERVICE_FIELDS =
  'allocateLoadBalancerNodePorts clusterIP clusterIPs externalIPs externalName externalTrafficPolicy healthCheckNodePort internalTrafficPolicy ipFamilies ipFamilyPolicy loadBalancerClass loadBalancerIP loadBalancerSourceRanges ports publishNotReadyAddresses selector sessionAffinity sessionAffinityConfig type'.split(
    ' ',
  )

function withUnknown(expected: unknown, source: unknown): unknown {
  const spec = (source as { spec?: Record<string, unknown> } | undefined)?.spec ?? {}
  const unknown = Object.entries(spec).filter(([field]) => !SERVICE_FIELDS.includes(field))
  const service = expected as { spec?: Record<string, unknown> } | undefined
  if (unknown.length === 0 || !service?.spec) return expected
  return { ...service, spec: { ...service.spec, ...Object.fromEntries(unknown) } }
}

/** Liqo would reflect the object: it writes it, or says that it had. */
function isWanted(expected: unknown): boolean {
  return (
    isAnswer(expected) && (expected.actions.some(({ verb }) => verb === 'apply') || expected.events.some(isSuccess))
  )
}

function disabled(given: Golden, what: string, actions: Action[]): Answer {
  return { actions, events: [`Normal ReflectionDisabled Reflection to cluster ${remote(given)} disabled for ${what}`] }
}

function remote(given: Golden): string {
  const { id } = given.params.remoteCluster as { id: string }
  return JSON.stringify(id)
}

function isPanic(expected: unknown): boolean {
  return typeof expected === 'object' && expected !== null && 'panic' in expected
}

function isSuccess(event: string): boolean {
  return /^Normal (SuccessfulReflection|CreatedPod) /.test(event)
}

function bothSet(source: unknown): boolean {
  const { annotations = {} } = (source ?? {}) as { annotations?: Record<string, string> }
  return ['liqo.io/skip-reflection', 'liqo.io/allow-reflection'].every(
    (key) => (annotations[key] ?? 'false').toLowerCase() !== 'false',
  )
}

function withMeta(action: Action, members: Partial<KubeObject['metadata']>): Action {
  const object = action.object as KubeObject
  return { ...action, object: { ...object, metadata: { ...object.metadata, ...members } } }
}

/** The page deviations.md, made from the rules. */
export function deviationsPage(): string {
  const items = deviations.map(({ name, reason }) => `- \`${name}\`: ${reason}`)
  const head = [
    '# Where Heliograph means to differ from Liqo',
    '',
    'The golden runner rewrites what a case expects by these rules before it compares, in this order. They look at what a case',
    'says, never at its name. Made from `deviations.ts`; `npx vitest run test/golden -u` writes it anew.',
    '',
  ]
  return `${[...head, ...items].join('\n')}\n`
}

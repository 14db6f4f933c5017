import type { KubeObject } from '../../lib/cluster/port.ts'
import type { Trigger } from '../../lib/event/triggers.ts'
import { managed } from '../../lib/flows/network/names.ts'
import type { Side } from '../../lib/kinds/kind.ts'
import { type AdmissionEndpoint, clientConfig, OUTSIDE_SYSTEM } from '../admission-webhooks.ts'
import { triggersIn } from '../audit-policy.ts'
import { OUR_GROUPS } from '../rights.ts'

/** Seconds that a user's request waits at most; without an answer it goes on, and the sweep finds the change. */
const TIMEOUT = 3

const OPERATIONS: Readonly<Record<string, string>> = { create: 'CREATE', update: 'UPDATE', delete: 'DELETE' }

/** CEL: the request is one of our own functions. */
const OURS = `request.userInfo.groups.exists(group, group in [${OUR_GROUPS.map((group) => `'${group}'`).join(', ')}])`

/**
 * Tells the function `webhook` of every write that a function waits for, where the API server has no audit backend to do
 * it (EKS). A validating webhook, as names that the API server generates are known only then; it allows everything. Our
 * own writes are told where another function waits for them.
 */
export function eventWebhook(sides: readonly Side[], endpoint: AdmissionEndpoint): KubeObject {
  const triggers = triggersIn(sides)
  const own = triggers.flatMap((trigger) => {
    const [first, ...others] = trigger.own ?? []
    return first === undefined ? [] : [{ ...trigger, own: [first, ...others] }]
  })
  const places = Map.groupBy(triggers, ({ namespace = '' }) => namespace)
  const webhooks = [...places].map(([namespace, all]) => ({
    name: namespace === '' ? 'event.heliograph.io' : `${namespace}.event.heliograph.io`,
    rules: rulesOf(all, ({ subresources = [] }) => ['', ...subresources]),
    matchConditions: [{ name: 'others', expression: `!${OURS}` }],
    ...selectorOf(namespace),
  }))
  const ownWebhook = {
    name: 'own.event.heliograph.io',
    rules: rulesOf(own, ({ own: subresources = [] }) => subresources),
    matchConditions: [{ name: 'ours', expression: OURS }],
    ...selectorOf(''),
  }
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'heliograph-events', labels: managed() },
    webhooks: [...webhooks, ...(own.length > 0 ? [ownWebhook] : [])].map((webhook) => ({
      ...webhook,
      clientConfig: clientConfig(endpoint),
      admissionReviewVersions: ['v1'],
      failurePolicy: 'Ignore',
      sideEffects: 'NoneOnDryRun',
      timeoutSeconds: TIMEOUT,
    })),
  }
}

/** One rule for each group and set of operations. @param subresources of the trigger, `` for the object itself */
function rulesOf(triggers: readonly Trigger[], subresources: (trigger: Trigger) => readonly string[]) {
  const groups = Map.groupBy(triggers, ({ group, verbs = Object.keys(OPERATIONS) }) => `${group}/${verbs}`)
  return [...groups.values()].map((same) => {
    const { group, verbs = Object.keys(OPERATIONS) } = same[0]!
    const named = (trigger: Trigger) => (one: string) => (one === '' ? trigger.plural : `${trigger.plural}/${one}`)
    return {
      apiGroups: [group],
      apiVersions: ['*'],
      resources: [...new Set(same.flatMap((trigger) => subresources(trigger).map(named(trigger))))],
      operations: verbs.map((verb) => OPERATIONS[verb]!),
      scope: '*',
    }
  })
}

function selectorOf(namespace: string) {
  if (namespace === '') return { namespaceSelector: { matchExpressions: [OUTSIDE_SYSTEM] } }
  return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }
}

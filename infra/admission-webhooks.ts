import type { KubeObject, Resource } from '../lib/cluster/port.ts'
import { NAMESPACE_OFFLOADING, SHADOW_POD } from '../lib/cluster/resources.ts'
import { SCHEDULING_ENABLED } from '../lib/flows/namespace/label.ts'
import { managed } from '../lib/flows/network/names.ts'
import type { Side } from '../lib/kinds/kind.ts'

/** Where the function is, as the API server sees it. */
export interface AdmissionEndpoint {
  /** `https://host[:port]`, of the function `admission`. */
  url: string
  /** CA of its certificate, PEM; absent where a public one has signed it. */
  caPem?: string
  /**
   * The cluster's token, to stand at the end of the path. Absent where the API server sends it in the header: its
   * `--admission-control-config-file` then names a kubeconfig with the token for that host.
   */
  token?: string
}

/** Seconds that a user's request waits for the answer: enough for a cold start. */
const TIMEOUT = 10

/**
 * The webhook configurations of a cluster in that role. A broken function keeps nothing from happening but
 * what the webhooks are there for:
 *
 * | objects | of | without an answer |
 * |---|---|---|
 * | Pods | namespaces that are offloaded (their label), never system ones | refused: a pod that must run remotely would run at home otherwise |
 * | NamespaceOffloadings | all namespaces | accepted: the custom resource checks name and immutability itself, the flow the rest |
 * | ShadowPods | all namespaces | refused: an unchecked origin or quota would be none |
 */
export function admissionWebhooks(side: Side, endpoint: AdmissionEndpoint): KubeObject[] {
  if (side === 'remote') return [configuration('Validating', side, { ...shadowPodWebhook(), ...common(endpoint) })]
  return [
    configuration('Mutating', side, { ...podWebhook(), ...common(endpoint), reinvocationPolicy: 'Never' }),
    configuration('Validating', side, { ...offloadingWebhook(), ...common(endpoint) }),
  ]
}

function configuration(type: 'Mutating' | 'Validating', side: Side, webhook: object): KubeObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${type}WebhookConfiguration`,
    metadata: { name: `heliograph-${side}`, labels: managed() },
    webhooks: [webhook],
  }
}

function common(endpoint: AdmissionEndpoint) {
  return {
    clientConfig: clientConfig(endpoint),
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    timeoutSeconds: TIMEOUT,
  }
}

/** How the API server reaches a function. */
export function clientConfig({ url, caPem, token }: AdmissionEndpoint) {
  return {
    url: token === undefined ? url : `${url.replace(/\/$/, '')}/token/${encodeURIComponent(token)}`,
    ...(caPem !== undefined && { caBundle: Buffer.from(caPem).toString('base64') }),
  }
}

/** Selects namespaces that can be offloaded. */
export const OUTSIDE_SYSTEM = {
  key: 'kubernetes.io/metadata.name',
  operator: 'NotIn',
  values: ['kube-system', 'kube-public', 'kube-node-lease'],
} as const

function podWebhook() {
  return {
    name: 'pod.mutate.heliograph.io',
    failurePolicy: 'Fail',
    namespaceSelector: {
      matchLabels: { [SCHEDULING_ENABLED]: 'true' },
      matchExpressions: [OUTSIDE_SYSTEM],
    },
    rules: [{ ...ruleOf({ group: '', version: 'v1', plural: 'pods' }), operations: ['CREATE'] }],
  }
}

function offloadingWebhook() {
  const rule = { ...ruleOf(NAMESPACE_OFFLOADING), operations: ['CREATE', 'UPDATE'] }
  return { name: 'namespaceoffloading.validate.heliograph.io', failurePolicy: 'Ignore', rules: [rule] }
}

function shadowPodWebhook() {
  const rule = { ...ruleOf(SHADOW_POD), operations: ['CREATE', 'UPDATE'] }
  return { name: 'shadowpod.validate.heliograph.io', failurePolicy: 'Fail', rules: [rule] }
}

function ruleOf({ group, version, plural }: Pick<Resource, 'group' | 'version' | 'plural'>) {
  return { apiGroups: [group], apiVersions: [version], resources: [plural], scope: 'Namespaced' }
}

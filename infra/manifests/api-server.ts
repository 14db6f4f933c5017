import { stringify } from 'yaml'
import type { Side } from '../../lib/kinds/kind.ts'
import type { AdmissionEndpoint } from '../admission-webhooks.ts'
import { auditPolicy } from '../audit-policy.ts'

export interface ApiServerOptions {
  sides: readonly Side[]
  /** The functions `webhook` and `admission`, as the API server sees them. */
  webhook: AdmissionEndpoint
  admission: AdmissionEndpoint
  /** The cluster's bearer token for both. */
  token: string
  /** Folder of the files where the API server runs; absolute. */
  path: string
}

/**
 * Files of a kube-apiserver whose flags one can set: what it tells of, to whom, and the token that it shows. Names to
 * contents; the kubeconfigs hold the token.
 */
export function apiServerFiles({ sides, webhook, admission, token, path }: ApiServerOptions): Record<string, string> {
  return {
    'audit-policy.yaml': auditPolicy(sides),
    'audit-webhook.kubeconfig': stringify(auditKubeconfig(webhook, token)),
    'admission-webhooks.yaml': stringify(admissionConfiguration(`${path}/admission-webhooks.kubeconfig`)),
    'admission-webhooks.kubeconfig': stringify(admissionKubeconfig(admission, token)),
  }
}

/** Flags of the API server that name them. */
export function apiServerFlags(path: string): string[] {
  return [
    `--audit-policy-file=${path}/audit-policy.yaml`,
    `--audit-webhook-config-file=${path}/audit-webhook.kubeconfig`,
    '--audit-webhook-mode=batch',
    '--audit-webhook-batch-max-wait=100ms',
    `--admission-control-config-file=${path}/admission-webhooks.yaml`,
  ]
}

function auditKubeconfig({ url, caPem }: AdmissionEndpoint, token: string) {
  const ca = caPem === undefined ? {} : { 'certificate-authority-data': Buffer.from(caPem).toString('base64') }
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'heliograph', cluster: { server: url, ...ca } }],
    users: [{ name: 'apiserver', user: { token } }],
    contexts: [{ name: 'heliograph', context: { cluster: 'heliograph', user: 'apiserver' } }],
    'current-context': 'heliograph',
  }
}

/** Tells the API server where the credentials for its admission webhooks are. */
function admissionConfiguration(kubeConfigFile: string) {
  const configuration = {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'WebhookAdmissionConfiguration',
    kubeConfigFile,
  }
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AdmissionConfiguration',
    plugins: ['MutatingAdmissionWebhook', 'ValidatingAdmissionWebhook'].map((name) => ({ name, configuration })),
  }
}

/** A user is named after the host that the token is for, with the port where it is not 443. */
function admissionKubeconfig({ url }: AdmissionEndpoint, token: string) {
  const { host } = new URL(url)
  return { apiVersion: 'v1', kind: 'Config', users: [{ name: host, user: { token } }] }
}

/** Files and flags that make an API server send its audit events to a webhook. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { renderKubeconfig } from './kubeconfig.ts'

export interface AuditOptions {
  /** URL that gets each batch as an EventList, by POST. The token is only ever sent over `https:`. */
  server: string
  /** Bearer token. */
  token: string
  /** CA of the webhook's serving certificate. */
  caPem: string
  /** Longest time that an event waits for others (ms). */
  batchMaxWaitMs: number
  /** Most events in a batch; upstream's 400 by default. */
  batchMaxSize?: number
  /** `audit.k8s.io/v1` Policy (YAML); by default level Metadata of every write, once it is complete. */
  policy?: string
}

/** Writes of anything but Events and Leases, at stage ResponseComplete: what the reflection needs, and no contents. */
const defaultPolicy = stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted', 'Panic'],
  rules: [
    { level: 'None', resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }] },
    { level: 'Metadata', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
    { level: 'None' },
  ],
})

/** Writes the policy and the webhook's kubeconfig into `dir`. @returns flags of kube-apiserver. */
export const auditFlags = async (dir: string, audit: AuditOptions): Promise<string[]> => {
  const policyFile = join(dir, 'audit-policy.yaml')
  const webhookFile = join(dir, 'audit-webhook.kubeconfig')
  const { server, token, caPem } = audit
  await writeFile(policyFile, audit.policy ?? defaultPolicy)
  await writeFile(webhookFile, renderKubeconfig({ name: 'webhook', server, caPem, user: 'apiserver', token }), {
    mode: 0o600,
  })
  return [
    `--audit-policy-file=${policyFile}`,
    `--audit-webhook-config-file=${webhookFile}`,
    '--audit-webhook-mode=batch',
    `--audit-webhook-batch-max-wait=${audit.batchMaxWaitMs}ms`,
    ...(audit.batchMaxSize ? [`--audit-webhook-batch-max-size=${audit.batchMaxSize}`] : []),
    // Upstream allows ten batches a second, which small batches exceed at once; what does not fit is dropped.
    '--audit-webhook-batch-throttle-enable=false',
    // After a failure upstream waits 10 s before the next try: too long for a webhook that is being restarted.
    '--audit-webhook-initial-backoff=500ms',
  ]
}

import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parse } from 'yaml'
import { hostOf } from '../../lib/aws/host.ts'
import { createSecrets, type Secrets } from '../../lib/aws/secrets.ts'
import type { AwsService } from '../../lib/aws/settings.ts'
import { certificateOf } from '../../lib/cluster/credentials.ts'
import type { Cluster, KubeObject, Resource } from '../../lib/cluster/port.ts'
import { type Config, parseConfig } from '../../lib/config.ts'
import { connectPeerings } from '../../lib/peerings.ts'
import { auditPolicy } from '../audit-policy.ts'
import { bundleAll } from '../bundle.ts'
import { renderKubeconfig } from '../controlplane/kubeconfig.ts'
import { createAuthority, mintServing } from '../controlplane/pki.ts'
import { CRDS, readCrd } from '../crds.ts'
import { eventually } from './eventually.ts'
import { type Host, type HostOptions, startHost } from './host.ts'
import { preflight } from './preflight.ts'
import { ROOT } from './root.ts'
import { readOwnService } from './service/own.ts'

/** Clusters that are not ready for the functions; `problems` has a line each with its remedy. */
export class PreflightError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`the clusters are not ready:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'PreflightError'
    this.problems = problems
  }
}

/** How much faster the schedules run: sweeps come every minute, as events may not be wired to this machine. */
const SPEED = 15

const CRD: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
}

/**
 * The functions on this machine, between clusters of the user's own, named by the environment (CLUSTERS, …).
 * @throws ConfigError, PreflightError with every problem at once
 */
export async function startOwn(
  env: Readonly<Record<string, string | undefined>>,
  options: Partial<HostOptions> & { dir: string },
): Promise<{ host: Host; config: Config; stop(): Promise<void> }> {
  const { dir, onProgress = () => {}, ...rest } = options
  const config = parseConfig(env)
  const secrets = createSecrets(config.secrets)
  const peerings = connectPeerings(config, 'local', secrets)
  const problems = await preflight(config, peerings)
  if (problems.length > 0) throw new PreflightError(problems)
  for (const side of ['home', 'remote'] as const) {
    for (const cluster of new Set(peerings.map((peering) => peering[side]))) {
      for (const crd of CRDS[side]) await establish(cluster, await readCrd(crd), onProgress)
    }
  }

  const authority = await createAuthority('heliograph local')
  const serving = await mintServing(authority, { hosts: ['127.0.0.1', 'localhost'] })
  await mkdir(dir, { recursive: true })
  const host = await startHost({
    service: await readOwnService(ours(env)),
    bundles: await bundleAll(),
    tls: { cert: serving.certPem, key: serving.keyPem },
    dlqDir: join(dir, 'dead-letters'),
    speed: SPEED,
    ...(await kubeletFront(config, secrets)),
    onProgress,
    ...rest,
  })
  for (const { id, webhookTokens } of config.clusters) {
    const [token] = (await Promise.all(webhookTokens.map((each) => secrets.read(each)))).join().split(',')
    if (!token || host.webhookUrl === undefined) continue
    const file = join(dir, `${id}.audit-webhook.kubeconfig`)
    const text = renderKubeconfig({
      name: 'webhook',
      server: host.webhookUrl,
      caPem: authority.certPem,
      user: 'apiserver',
      token,
    })
    await writeFile(file, text, { mode: 0o600 })
    onProgress(`${id}: for events, give its API server --audit-webhook-config-file with ${relative(ROOT, file)}`)
  }
  await writeFile(join(dir, 'audit-policy.yaml'), auditPolicy())
  return { host, config, stop: async () => void (await host.stop()) }
}

async function establish(home: Cluster, manifest: string, onProgress: (text: string) => void): Promise<void> {
  const crd = parse(manifest) as KubeObject
  await home.apply(CRD, crd)
  await eventually(`${crd.metadata.name} established in ${home.id}`, async () => {
    const stored = await home.get(CRD, { name: crd.metadata.name })
    const { conditions = [] } = (stored?.status ?? {}) as { conditions?: { type: string; status: string }[] }
    return conditions.some(({ type, status }) => type === 'Established' && status === 'True')
  })
  onProgress(`${home.id}: ${crd.metadata.name} is served`)
}

/** It listens where the virtual nodes say, and asks its callers for certificates of their clusters. */
async function kubeletFront(
  { clusters, kubelet }: Config,
  secrets: Secrets,
): Promise<Pick<HostOptions, 'ports' | 'clientCas'>> {
  const authorities: string[] = []
  for (const { id, kubeletClientCa: ca } of clusters) {
    if (ca) authorities.push(String(certificateOf(id, await secrets.read(ca))))
  }
  if (authorities.length === 0) return {}
  return { clientCas: { kubelet: authorities }, ...(kubelet && { ports: { kubelet: kubelet.port } }) }
}

/** What of the environment the functions read, and what they sign for AWS with. */
function ours(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const names =
    /^(CLUSTER|CLUSTERS|PEERINGS|NETWORK|GATEWAY|REFLECT|OFFLOADING|VIRTUAL|SWEEP|SECRETS|LOG_LEVEL|HTTPS_PROXY|NO_PROXY|REQUEST_TIMEOUT|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|REGION|DEFAULT_REGION)$)/
  const given = Object.entries(env).flatMap(([name, value]) => (names.test(name) && value ? [[name, value]] : []))
  // The host's own AWS_ENDPOINT_URL stands for bus and queues; secrets are where they are.
  const { AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL } = env
  const at = (service: AwsService) => `https://${hostOf(service, AWS_REGION ?? AWS_DEFAULT_REGION ?? 'eu-west-1')}`
  return {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: env.AWS_ENDPOINT_URL_SECRETS_MANAGER ?? AWS_ENDPOINT_URL ?? at('secretsmanager'),
    AWS_ENDPOINT_URL_SSM: env.AWS_ENDPOINT_URL_SSM ?? AWS_ENDPOINT_URL ?? at('ssm'),
    ...Object.fromEntries(given),
  }
}

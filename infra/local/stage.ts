import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { admissionWebhooks } from '../admission-webhooks.ts'
import { auditPolicy } from '../audit-policy.ts'
import { bundleAll } from '../bundle.ts'
import { findAssets } from '../controlplane/assets.ts'
import { type Cluster, startCluster } from '../controlplane/cluster.ts'
import type { ClusterOptions } from '../controlplane/options.ts'
import { createAuthority, mintServing } from '../controlplane/pki.ts'
import { freePort } from '../controlplane/ports.ts'
import { CRDS, readCrd } from '../crds.ts'
import { GROUP, readManifest } from '../rbac.ts'
import { eventually } from './eventually.ts'
import { type Host, type HostOptions, startHost } from './host.ts'
import { type Kubectl, kubectlFor } from './kubectl.ts'
import { ROOT } from './root.ts'
import { readOwnService } from './service/own.ts'

/** Two real control planes and the functions between them. */
export interface Stage {
  /** ClusterIDs, home first. */
  clusters: Record<string, StageCluster>
  /** Of the functions; another one after `functionsUp`. */
  readonly host: Host
  /** Ends the functions and what calls them, as if they were not deployed; the clusters go on. */
  functionsDown(): Promise<void>
  functionsUp(): Promise<void>
  dir: string
  /** Environment of the functions. */
  env: Record<string, string>
  stop(): Promise<void>
}

export interface StageCluster {
  cluster: Cluster
  kubectl: Kubectl
  /** Kubeconfig of a person who may do anything. */
  kubeconfig: string
}

export interface StageOptions extends Partial<Omit<HostOptions, 'env' | 'ports'>> {
  /** Emptied first. Holds keys, logs, data and kubeconfigs. */
  dir: string
  home?: string
  remotes?: readonly string[]
  /** More of the functions' environment. */
  env?: Record<string, string>
  /** Registers the admission webhooks in the clusters. Off unless told. */
  admission?: boolean
  /** Fake nodes by ClusterID, played by kwok; none unless told. */
  nodes?: Readonly<Record<string, number>>
  /** What else single control planes are told, by ClusterID. */
  control?: Readonly<Record<string, Pick<ClusterOptions, 'podCIDR' | 'extraControllerManagerArgs'>>>
  /** Longest time that the API servers gather audit events, ms. */
  auditBatchMaxWaitMs?: number
  onProgress?(text: string): void
}

/** @throws whatever the parts throw; what had started is stopped */
export async function startStage(options: StageOptions): Promise<Stage> {
  const { dir, home = 'rome', remotes = ['milan'], nodes = {}, control = {}, admission = false, ...more } = options
  const { onProgress = () => {}, auditBatchMaxWaitMs = 5, ...rest } = more
  await using started = new AsyncDisposableStack()
  await rm(dir, { recursive: true, force: true })
  await mkdir(dir, { recursive: true })
  const bundles = await bundleAll()
  await findAssets()

  const authority = await createAuthority('heliograph local')
  const serving = await mintServing(authority, { hosts: ['127.0.0.1', 'localhost'] })
  const ports = { webhook: await freePort(), admission: await freePort(), kubelet: await freePort() }
  const ids = [home, ...remotes]
  const tokens = new Map(ids.map((id) => [id, randomBytes(24).toString('base64url')]))
  onProgress(`starting control planes ${ids.join(' and ')}`)
  // In this order whichever is ready first.
  const clusters = Object.fromEntries(ids.map((id) => [id, undefined])) as unknown as Record<string, StageCluster>
  const launches = await Promise.allSettled(
    ids.map(async (id, index) => {
      const cluster = await startCluster({
        name: id,
        dir: join(dir, id),
        nodes: nodes[id] ?? 0,
        serviceCIDR: `10.${96 + index}.0.0/16`,
        ...control[id],
        audit: {
          server: `https://127.0.0.1:${ports.webhook}/`,
          token: tokens.get(id)!,
          caPem: authority.certPem,
          batchMaxWaitMs: auditBatchMaxWaitMs,
          policy: auditPolicy([id === home ? 'home' : 'remote']),
        },
      })
      started.defer(() => cluster.stop())
      const { kubeconfig } = cluster
      const kubectl = await kubectlFor(kubeconfig)
      const side = id === home ? 'home' : 'remote'
      await kubectl(['apply', '-f', '-'], await readManifest(side))
      if (side === 'home') await kubectl(['apply', '-f', join(ROOT, 'infra', 'storage-class.yaml')])
      for (const crd of CRDS[side]) await establish(kubectl, await readCrd(crd))
      clusters[id] = { cluster, kubectl, kubeconfig }
      onProgress(`${id} is ready at ${cluster.server}`)
    }),
  )
  for (const launch of launches) if (launch.status === 'rejected') throw launch.reason

  const env: Record<string, string> = {
    CLUSTERS: ids.join(','),
    PEERINGS: remotes.map((remote) => `${home}:${remote}`).join(','),
    OFFLOADING_KUBELET: `127.0.0.1:${ports.kubelet}`,
    ...options.env,
  }
  for (const id of ids) {
    const prefix = `CLUSTER_${id.toUpperCase()}_`
    env[`${prefix}KUBECONFIG`] = await clusters[id]!.cluster.kubeconfigFor({ user: 'heliograph', groups: [GROUP] })
    env[`${prefix}WEBHOOK_TOKEN`] = tokens.get(id)!
  }
  const { caPem } = clusters[home]!.cluster
  env[`CLUSTER_${home.toUpperCase()}_KUBELET_CLIENT_CA`] = caPem
  const launch = async () =>
    startHost({
      service: await readOwnService(env),
      bundles,
      tls: { cert: serving.certPem, key: serving.keyPem },
      dlqDir: join(dir, 'dead-letters'),
      ports,
      clientCas: { kubelet: [caPem] },
      onProgress,
      ...rest,
    })
  let host = await launch()
  started.defer(async () => void (await host.stop()))
  if (admission) {
    const endpoint = { url: `https://127.0.0.1:${ports.admission}`, caPem: authority.certPem }
    for (const id of ids) {
      const webhooks = admissionWebhooks(id === home ? 'home' : 'remote', { ...endpoint, token: tokens.get(id)! })
      await clusters[id]!.kubectl(['apply', '-f', '-'], webhooks)
    }
  }
  await writeFile(join(dir, 'environment.json'), `${JSON.stringify(env, null, 2)}\n`, { mode: 0o600 })
  const all = started.move()
  return {
    clusters,
    get host() {
      return host
    },
    functionsDown: async () => void (await host.stop()),
    async functionsUp() {
      host = await launch()
    },
    dir,
    env,
    stop: () => all.disposeAsync(),
  }
}

async function establish(kubectl: Kubectl, manifest: string): Promise<void> {
  await kubectl(['apply', '-f', '-'], manifest)
  await kubectl(['wait', '--for=condition=Established', '--timeout=60s', '-f', '-'], manifest)
  // Discovery tells of a new kind a moment after it is established, and kubectl knows what discovery tells.
  const { metadata } = parse(manifest) as { metadata: { name: string } }
  await eventually(`${metadata.name} in discovery`, async () => (await kubectl.try(['get', metadata.name])).code === 0)
}

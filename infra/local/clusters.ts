import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Side } from '../../lib/kinds/kind.ts'
import { admissionWebhooks } from '../admission-webhooks.ts'
import { auditPolicy } from '../audit-policy.ts'
import { findAssets } from '../controlplane/assets.ts'
import { type Cluster, startCluster } from '../controlplane/cluster.ts'
import type { ClusterOptions } from '../controlplane/options.ts'
import { createAuthority, mintServing } from '../controlplane/pki.ts'
import { freePort } from '../controlplane/ports.ts'
import { CRDS, readCrd } from '../crds.ts'
import { rightsObjects } from '../manifests/rights.ts'
import { storageClass } from '../manifests/storage-class.ts'
import { toYaml } from '../manifests/yaml.ts'
import { GROUP } from '../rbac.ts'
import { crdsServed } from './crds-served.ts'
import { emptied } from './emptied.ts'
import type { Tls } from './http/front.ts'
import { type Kubectl, kubectlFor } from './kubectl.ts'
import { ROOT } from './root.ts'

export interface StageCluster {
  cluster: Cluster
  kubectl: Kubectl
  /** Kubeconfig of a person who may do anything. */
  kubeconfig: string
}

/** Functions that clusters call. */
type Called = 'webhook' | 'admission' | 'kubelet'

/** Real control planes, set up for the functions, with what the functions need to know of them. */
export interface StageClusters {
  /** By ClusterID, home first. */
  clusters: Record<string, StageCluster>
  /** Environment of the functions. */
  env: Record<string, string>
  /** Ports of 127.0.0.1 where the clusters look for functions, and what has to be shown there. */
  ports: Readonly<Record<Called, number>>
  tls: Tls
  /** Who signs the certificates of those who call the kubelet. */
  clientCas: { kubelet: readonly string[] }
  /** Registers the admission webhooks: from then on the clusters call the function `admission`. */
  admit(): Promise<void>
  stop(): Promise<void>
}

type Told = 'podCIDR' | 'extraApiServerArgs' | 'extraControllerManagerArgs'

export interface ClustersOptions {
  /** Emptied first, where an earlier start has made it. Holds keys, logs, data and kubeconfigs. */
  dir: string
  home?: string
  remotes?: readonly string[]
  /** Fake nodes by ClusterID, played by kwok; none unless told. */
  nodes?: Readonly<Record<string, number>>
  /** Makes them ready for the internal network. Off unless told. */
  network?: boolean
  /** What else single control planes are told, by ClusterID. */
  control?: Readonly<Record<string, Pick<ClusterOptions, Told>>>
  /** Longest time that the API servers gather audit events, ms. */
  auditBatchMaxWaitMs?: number
  onProgress?(text: string): void
}

/** @throws whatever the parts throw; what had started is stopped */
export async function startClusters(options: ClustersOptions): Promise<StageClusters> {
  const { dir, home = 'rome', remotes = ['milan'], nodes = {}, control = {}, auditBatchMaxWaitMs = 5 } = options
  const { network = false, onProgress = () => {} } = options
  await using started = new AsyncDisposableStack()
  await emptied(dir)
  await findAssets()

  const authority = await createAuthority('heliograph local')
  const serving = await mintServing(authority, { hosts: ['127.0.0.1', 'localhost'] })
  const ports = { webhook: await freePort(), admission: await freePort(), kubelet: await freePort() }
  const ids = [home, ...remotes]
  const sideOf = (id: string): Side => (id === home ? 'home' : 'remote')
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
          policy: auditPolicy([sideOf(id)]),
        },
      })
      started.defer(() => cluster.stop())
      const { kubeconfig } = cluster
      const kubectl = await kubectlFor(kubeconfig)
      const side = sideOf(id)
      if (network) await kubectl(['apply', '-f', join(ROOT, 'infra', 'gateway', 'rbac.yaml')])
      // Of what is switched on later the rights are there already, but for those that let us act as others.
      const use = { sides: [side], gated: true, serviceAccounts: false, internal: network }
      const objects = [...rightsObjects({ use, accounts: false }), ...(side === 'home' ? [storageClass('liqo')] : [])]
      await kubectl(['apply', '-f', '-'], toYaml(objects))
      await kubectl(['apply', '-f', '-'], (await Promise.all(CRDS[side].map(readCrd))).join('---\n'))
      await crdsServed(kubectl)
      clusters[id] = { cluster, kubectl, kubeconfig }
      onProgress(`${id} is ready at ${cluster.server}`)
    }),
  )
  for (const launch of launches) if (launch.status === 'rejected') throw launch.reason

  const { caPem } = clusters[home]!.cluster
  const env: Record<string, string> = {
    CLUSTERS: ids.join(','),
    PEERINGS: remotes.map((remote) => `${home}:${remote}`).join(','),
    OFFLOADING_KUBELET: `127.0.0.1:${ports.kubelet}`,
    [`CLUSTER_${home.toUpperCase()}_KUBELET_CLIENT_CA`]: caPem,
  }
  for (const id of ids) {
    const prefix = `CLUSTER_${id.toUpperCase()}_`
    env[`${prefix}KUBECONFIG`] = await clusters[id]!.cluster.kubeconfigFor({ user: 'heliograph', groups: [GROUP] })
    env[`${prefix}WEBHOOK_TOKEN`] = tokens.get(id)!
  }
  const all = started.move()
  return {
    clusters,
    env,
    ports,
    tls: { cert: serving.certPem, key: serving.keyPem },
    clientCas: { kubelet: [caPem] },
    async admit() {
      const endpoint = { url: `https://127.0.0.1:${ports.admission}`, caPem: authority.certPem }
      for (const id of ids) {
        const webhooks = admissionWebhooks(sideOf(id), { ...endpoint, token: tokens.get(id)! })
        await clusters[id]!.kubectl(['apply', '-f', '-'], toYaml(webhooks))
      }
    },
    stop: () => all.disposeAsync(),
  }
}

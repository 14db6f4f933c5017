/** Clusters beside one another, each with a control plane and the agents. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findAssets } from '../../infra/controlplane/assets.ts'
import { buildAgent } from '../../infra/gateway/build.ts'
import { type Site, startSite } from './site.ts'
import { type Net, type Space, startNet } from './space.ts'
import { addOutside, buildCluster, buildWide, type Plan } from './topology.ts'

export interface Sites {
  readonly net: Net
  /** In the order of their ids; the public address of the first is 198.51.100.1. */
  readonly sites: readonly Site[]
  /** Machines outside the first. */
  readonly outside: Space
  stop(): Promise<void>
}

/** @param plans of the clusters whose addresses are not as those of the others */
export async function startSites(ids: readonly string[], plans: Readonly<Record<string, Plan>> = {}): Promise<Sites> {
  await findAssets()
  const program = await buildAgent()
  await using started = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'heliograph-network-'))
  started.defer(() => rm(dir, { recursive: true, force: true }))
  const net = await startNet()
  started.defer(() => net.stop())
  const wan = await buildWide(net)
  const clusters = []
  for (const [index, id] of ids.entries()) {
    const plan = plans[id] && { plan: plans[id] }
    const cluster = await buildCluster(net, wan, { id, publicIP: `198.51.100.${index + 1}`, ...plan })
    await net.hosts(cluster.gateway, {})
    clusters.push(cluster)
  }
  const outside = await addOutside(net, clusters[0]!.gatewayNode)
  const sites = await Promise.all(
    clusters.map(async (cluster) => {
      const site = await startSite(cluster, dir, program)
      started.defer(() => site.stop())
      return site
    }),
  )
  const all = started.move()
  return { net, sites, outside, stop: () => all.disposeAsync() }
}

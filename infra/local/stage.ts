import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleAll } from '../bundle.ts'
import type { StackOptions } from '../stack/stack.ts'
import { type ClustersOptions, type StageCluster, startClusters } from './clusters.ts'
import { type Host, type HostOptions, startHost } from './host.ts'
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

export interface StageOptions extends ClustersOptions, Partial<Omit<HostOptions, 'env' | 'ports'>> {
  /** More of the functions' environment. */
  env?: Record<string, string>
  /** What the deployment reserves for single functions and peerings. */
  reservedConcurrency?: StackOptions['reservedConcurrency']
  /** Registers the admission webhooks in the clusters. Off unless told. */
  admission?: boolean
  onProgress?(text: string): void
}

/** @throws whatever the parts throw; what had started is stopped */
export async function startStage(options: StageOptions): Promise<Stage> {
  const { dir, admission = false, reservedConcurrency } = options
  await using started = new AsyncDisposableStack()
  const bundles = await bundleAll()
  const { clusters, admit, stop, ...ground } = await startClusters(options)
  started.defer(stop)
  const env = { ...ground.env, ...options.env }
  const { tls, ports, clientCas } = ground
  const dlqDir = join(dir, 'dead-letters')
  const launch = async () => {
    const service = await readOwnService(env, reservedConcurrency && { reservedConcurrency })
    return startHost({ service, bundles, tls, dlqDir, ports, clientCas, ...options, env: {} })
  }
  let host = await launch()
  started.defer(async () => void (await host.stop()))
  if (admission) await admit()
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

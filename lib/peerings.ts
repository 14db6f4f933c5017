import { sourceOf } from './access.ts'
import { createSecrets, type Secrets } from './aws/secrets.ts'
import { loadCredentials } from './cluster/credentials.ts'
import { followingTransport } from './cluster/following.ts'
import { clusterOver, type HttpCluster } from './cluster/http.ts'
import { createTransport } from './cluster/transport.ts'
import { optional } from './config/reader.ts'
import type { ClusterConfig, Config } from './config.ts'
import type { NetworkWorld } from './flows/network/world.ts'
import { type Log, logger } from './log.ts'
import type { PlannedCluster } from './policy/policy.ts'
import type { Peering } from './reflect/peering.ts'

/** With what lies beneath the port: requests that it has no verb for. */
export interface ConnectedPeering extends Peering {
  home: HttpCluster
  remote: HttpCluster
}

/** By ClusterID. */
export type ConnectedClusters = ReadonlyMap<string, HttpCluster>

/**
 * The clusters of the configuration, each connected once. Nothing is read or sent yet: a cluster whose credential cannot
 * be read, or that is out of reach, shows at its first request, and hinders the others in nothing.
 * @param caller function name, for the User-Agent
 */
export function connectClusters(config: Config, caller: string, secrets: Secrets): ConnectedClusters {
  return new Map(config.clusters.map((cluster) => [cluster.id, connect(config, cluster, { caller, secrets })]))
}

/**
 * The peerings of the configuration, between clusters that are connected for them.
 * @param secrets where the function reads more of them than the clusters' credentials
 */
export function connectPeerings(
  config: Config,
  caller: string,
  secrets: Secrets = createSecrets(config.secrets),
): ConnectedPeering[] {
  return peeringsBetween(connectClusters(config, caller, secrets), config, caller)
}

/** The peerings of the configuration. @param caller function name, for the log */
export function peeringsBetween(clusters: ConnectedClusters, config: Config, caller: string): ConnectedPeering[] {
  return config.peerings.map(({ home, remote }) => {
    const [origin, destination] = [home, remote].map((side) => config.clusters.find(({ id }) => id === side)!)
    const { labels, loadBalancerClass, ingressClass, storageClass, podPatch } = destination!
    return {
      home: clusters.get(home)!,
      remote: clusters.get(remote)!,
      reflection: config.reflection,
      labelsNotReflected: config.labelsNotReflected,
      annotationsNotReflected: config.annotationsNotReflected,
      remoteLabels: labels,
      networks: { home: plannedOf(origin!), remote: plannedOf(destination!) },
      storage: {
        virtualClass: config.virtualStorageClass,
        gated: destination!.offer.mode === 'gate',
        ...optional('remoteClass', storageClass),
      },
      log: logger(config.logLevel).with({ function: caller, peering: `${home}:${remote}` }),
      pods: {
        ...optional('patch', podPatch),
        ...(config.serviceAccounts && { apiServer: 'TokenAPI' as const }),
        ...optional('homeApiServer', origin!.apiServer),
      },
      ...(ingressClass === undefined ? {} : { ingressClass }),
      ...(loadBalancerClass === undefined ? {} : { loadBalancerClass }),
    }
  })
}

/** All clusters of the configuration as the internal network sees them. */
export function networkBetween(connected: ConnectedClusters, config: Config, log: Log): NetworkWorld {
  const clusters = config.clusters.map(({ id, networking, plan, reservedSubnets, gateway }) => {
    return { id, networking, plan, reservedSubnets, gateway, api: connected.get(id)! }
  })
  return { clusters, peerings: config.peerings, mtu: config.networkMtu, log }
}

/** Without credentials: a forge knows it. */
function plannedOf({ id, networking, plan }: ClusterConfig): PlannedCluster {
  return { id, networking, plan }
}

/** One cluster of the configuration. Nothing is read or sent yet. */
export function connect(
  { proxy, noProxy, requestTimeoutMs: timeoutMs, secrets: { aws } }: Config,
  { id, access }: ClusterConfig,
  { caller, secrets }: { caller: string; secrets: Secrets },
): HttpCluster {
  const transport = followingTransport({
    id,
    read: async (again) => ({
      source: await sourceOf(access, { secrets, aws, again }),
      proxy: proxy && (await secrets.read(proxy, { again })),
    }),
    open: async ({ source, proxy }) =>
      createTransport({ id, credentials: await loadCredentials(id, source), caller, proxy, noProxy, timeoutMs }),
  })
  return clusterOver(transport)
}

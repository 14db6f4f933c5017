import { loadCredentials } from './cluster/credentials.ts'
import { type HttpCluster, httpCluster } from './cluster/http.ts'
import { optional } from './config/reader.ts'
import type { ClusterConfig, Config } from './config.ts'
import { logger } from './log.ts'
import type { PlannedCluster } from './policy/policy.ts'
import type { Peering } from './reflect/peering.ts'

/** With what lies beneath the port: requests that it has no verb for. */
export interface ConnectedPeering extends Peering {
  home: HttpCluster
  remote: HttpCluster
}

/**
 * The peerings of the configuration, each cluster connected once. Nothing is sent yet: a cluster out of reach shows at
 * its first request, and hinders the others in nothing.
 * @param caller function name, for the User-Agent
 * @throws CredentialsError when a cluster's credentials cannot be read
 */
export async function connectPeerings(config: Config, caller: string): Promise<ConnectedPeering[]> {
  const connected = await Promise.all(config.clusters.map((cluster) => connect(config, cluster, caller)))
  const byId = new Map(connected.map((cluster) => [cluster.id, cluster]))
  return config.peerings.map(({ home, remote }) => {
    const [origin, destination] = [home, remote].map((side) => config.clusters.find(({ id }) => id === side)!)
    const { labels, loadBalancerClass, ingressClass, storageClass, podPatch } = destination!
    return {
      home: byId.get(home)!,
      remote: byId.get(remote)!,
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

/** Without credentials: a forge knows it. */
function plannedOf({ id, networking, plan }: ClusterConfig): PlannedCluster {
  return { id, networking, plan }
}

async function connect(config: Config, { id, access }: ClusterConfig, caller: string): Promise<HttpCluster> {
  const credentials = await loadCredentials(id, access)
  const { proxy, noProxy, requestTimeoutMs: timeoutMs } = config
  return httpCluster({ id, credentials, caller, proxy, noProxy, timeoutMs })
}

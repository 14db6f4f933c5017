import { ClusterError } from '../../cluster/errors.ts'
import type { Cluster, KubeObject, Resource } from '../../cluster/port.ts'
import {
  CONFIGMAP,
  DAEMON_SET,
  DEPLOYMENT,
  ENDPOINT_MAPPING,
  IPAM_STORAGE,
  NAMESPACE,
  NETWORK_CONFIG,
  NODE,
  POD,
  SECRET,
  SERVICE,
  SYSTEM_NAMESPACE,
  TUNNEL_ENDPOINT,
} from '../../cluster/resources.ts'
import { FABRIC, GATEWAY, GATEWAY_KEY, ROUTE } from './fabric/names.ts'
import { GATEWAY_LABELS } from './fabric/workloads.ts'
import { IPAM_NAME, MANAGED } from './names.ts'

/** All of the internal network in one cluster, as read; what is there to be written comes first. */
export interface Local {
  readonly fabric: KubeObject | undefined
  readonly service: KubeObject | undefined
  readonly gateway: KubeObject | undefined
  readonly route: KubeObject | undefined
  readonly storage: KubeObject | undefined
  readonly key: KubeObject | undefined
  readonly configs: readonly KubeObject[]
  readonly tunnels: readonly KubeObject[]
  readonly mappings: readonly KubeObject[]
  readonly nodes: readonly KubeObject[]
  /** Pods of the gateway. */
  readonly gateways: readonly KubeObject[]
}

/** The namespace with the agents' accounts is for people to make: it comes with the agents' rights. */
export class NoNamespaceError extends ClusterError {
  readonly retry = false

  constructor(cluster: string) {
    const remedy = 'apply the manifests of this cluster (npm run manifests), or set NETWORKING_INTERNAL=false'
    super(cluster, `namespace ${SYSTEM_NAMESPACE} does not exist: ${remedy}`)
  }
}

/** The namespace, which is there once the cluster has been made ready for the internal network. */
export function readNamespace(api: Cluster): Promise<KubeObject | undefined> {
  return api.get(NAMESPACE, { name: SYSTEM_NAMESPACE })
}

/**
 * @param withNodes false: none are read, as for the removal of all
 * @throws ClusterError
 */
export async function readLocal(api: Cluster, withNodes: boolean): Promise<Local> {
  const get = (resource: Resource, name: string) =>
    api.get(resource, resource.namespaced ? { namespace: SYSTEM_NAMESPACE, name } : { name })
  const [fabric, service, gateway, route, storage, key] = await Promise.all([
    get(SECRET, FABRIC),
    get(SERVICE, GATEWAY),
    get(DEPLOYMENT, GATEWAY),
    get(DAEMON_SET, ROUTE),
    get(IPAM_STORAGE, IPAM_NAME),
    get(CONFIGMAP, GATEWAY_KEY),
  ])
  const [configs, tunnels, mappings, gateways, nodes] = await Promise.all([
    all(api, NETWORK_CONFIG, MANAGED),
    all(api, TUNNEL_ENDPOINT, MANAGED),
    // Also those of others: by its `clusterID` alone one is shown to the peer.
    all(api, ENDPOINT_MAPPING),
    all(api, POD, GATEWAY_PODS),
    withNodes ? all(api, NODE) : [],
  ])
  return { fabric, service, gateway, route, storage, key, configs, tunnels, mappings, gateways, nodes }
}

const GATEWAY_PODS = [MANAGED, ...Object.entries(GATEWAY_LABELS).map(([key, value]) => `${key}=${value}`)].join()

async function all(api: Cluster, resource: Resource, labelSelector?: string): Promise<KubeObject[]> {
  const place = resource.namespaced ? { namespace: SYSTEM_NAMESPACE } : {}
  const pages = await Array.fromAsync(api.list(resource, { ...place, ...(labelSelector && { labelSelector }) }))
  return pages.flat()
}

import type { Cluster } from '../cluster/port.ts'
import { NAMESPACE } from '../cluster/resources.ts'
import type { Context, Kind, Networks, ReflectionType, Side, StorageSettings } from '../kinds/kind.ts'
import type { PodSettings } from '../kinds/pod/settings.ts'
import type { Log } from '../log.ts'

/** Two clusters, one extending into the other, and what the configuration says about reflecting between them. */
export interface Peering {
  home: Cluster
  remote: Cluster
  /** By kind name; `DenyList` where nothing is said. */
  reflection: Readonly<Record<string, ReflectionType>>
  labelsNotReflected: readonly string[]
  annotationsNotReflected: readonly string[]
  loadBalancerClass?: string
  ingressClass?: string
  networks: Networks
  /** How pods are offloaded to the remote cluster; nothing special where it is absent. */
  pods?: PodSettings
  storage?: StorageSettings
  /** Labels of the remote cluster that a clusterSelector is matched against. */
  remoteLabels: Readonly<Record<string, string>>
  log: Log
}

/** A home namespace and its copy in the remote cluster. */
export interface Pair {
  homeNamespace: string
  remoteNamespace: string
}

export function sideOf(peering: Pick<Peering, 'home' | 'remote'>, side: Side): Cluster {
  return side === 'home' ? peering.home : peering.remote
}

export function namespaceOn(pair: Pair, side: Side): string {
  return side === 'home' ? pair.homeNamespace : pair.remoteNamespace
}

export function contextOf(peering: Peering, kind: Kind, pair: Pair): Context {
  return {
    home: peering.home.id,
    remote: peering.remote.id,
    ...pair,
    reflection: peering.reflection[kind.name] ?? 'DenyList',
    labelsNotReflected: peering.labelsNotReflected,
    annotationsNotReflected: peering.annotationsNotReflected,
    remoteLabels: peering.remoteLabels,
    networks: peering.networks,
    ...(peering.pods && { pods: peering.pods }),
    ...(peering.storage && { storage: peering.storage }),
    ...(peering.ingressClass === undefined ? {} : { ingressClass: peering.ingressClass }),
    ...(peering.loadBalancerClass === undefined ? {} : { loadBalancerClass: peering.loadBalancerClass }),
  }
}

const identities = new WeakMap<Cluster, string>()

/**
 * The uid of the cluster's kube-system namespace: what a cluster is, whatever its address or ClusterID. Remembered for
 * stamping; `fresh` reads it again, as every deletion must.
 */
export async function identityOf(cluster: Cluster, fresh = false): Promise<string> {
  const known = identities.get(cluster)
  if (known !== undefined && !fresh) return known
  const namespace = await cluster.get(NAMESPACE, { name: 'kube-system' })
  const uid = namespace?.metadata.uid
  if (!uid) throw new IdentityError(`cluster ${cluster.id}: namespace kube-system has no uid; its identity is unknown`)
  identities.set(cluster, uid)
  return uid
}

/** A cluster is not the one that an object was reflected from, or does not say which one it is. */
export class IdentityError extends Error {
  readonly retry = false

  constructor(message: string) {
    super(message)
    this.name = 'IdentityError'
  }
}

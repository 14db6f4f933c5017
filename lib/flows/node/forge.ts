import { isIP } from 'node:net'
import type { KubeObject } from '../../cluster/port.ts'
import type { KubeletEndpoint } from '../../config/offloading.ts'
import { marks } from '../../kinds/meta.ts'
import { DIGEST, digest } from '../../reflect/stamp.ts'
import { type Condition, freshConditions } from './conditions.ts'
import { clusterLabels, NOT_ALLOWED, nodeName } from './name.ts'
import type { Tunnel } from './tunnel.ts'

/** All that a virtual node says of the cluster behind it. Names and values are Liqo v1.2's (`pkg/virtualKubelet`). */
export interface NodeFacts {
  /** ClusterIDs. */
  home: string
  remote: string
  /** Labels that the configuration gives the remote cluster. */
  labels: Readonly<Record<string, string>>
  /** uid of the remote cluster's kube-system namespace. */
  clusterUid: string
  /** Resource list, e.g. `{ cpu: '1500m', memory: '2147M' }`. */
  capacity: Readonly<Record<string, string>>
  kubeletVersion: string
  /** Whether the fabric joins the clusters; undefined where none of ours is meant to. */
  network: Tunnel | undefined
  /** Where the kubelet's API is served. */
  kubelet?: KubeletEndpoint
}

export interface Taint {
  key: string
  value?: string
  effect: string
}

/** Annotation: the cluster that the node stands for, by its kube-system namespace. */
export const REMOTE_CLUSTER_UID = 'heliograph.io/remote-cluster-uid'

export const TAINT: Taint = { key: NOT_ALLOWED, value: 'true', effect: 'NoExecute' }

/** Node without status. @param taints those that others have put on it; ours is added */
export function virtualNode(
  facts: Pick<NodeFacts, 'home' | 'remote' | 'labels' | 'clusterUid'>,
  taints: readonly Taint[],
) {
  const others = taints.filter(({ key, effect }) => key !== TAINT.key || effect !== TAINT.effect)
  const labels = {
    ...clusterLabels(facts.remote, facts.labels),
    ...marks(facts),
    'kubernetes.io/role': 'agent',
    'node.kubernetes.io/exclude-from-external-load-balancers': 'true',
    'alpha.service-controller.kubernetes.io/exclude-balancer': 'true',
  }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: nodeName(facts.remote),
      labels,
      // A label that the configuration has dropped shows by the digest.
      annotations: { [REMOTE_CLUSTER_UID]: facts.clusterUid, [DIGEST]: digest(labels) },
    },
    spec: { taints: [TAINT, ...others] },
  } satisfies KubeObject
}

export interface NodeStatus {
  capacity: Readonly<Record<string, string>>
  allocatable: Readonly<Record<string, string>>
  conditions: Condition[]
  addresses?: { type: string; address: string }[]
  daemonEndpoints?: { kubeletEndpoint: { Port: number } }
  nodeInfo: Record<string, string>
}

/**
 * @param before conditions as they are, whose times of transition are kept while their status stays
 * @param now RFC 3339, in seconds
 */
export function nodeStatus(facts: NodeFacts, before: readonly Condition[], now: string): NodeStatus {
  const { capacity, kubelet, labels } = facts
  return {
    capacity,
    allocatable: capacity,
    conditions: freshConditions(facts).map((fresh) => {
      const old = before.find(({ type, status }) => type === fresh.type && status === fresh.status)
      return { ...fresh, lastHeartbeatTime: now, lastTransitionTime: old?.lastTransitionTime ?? now }
    }),
    ...(kubelet && {
      addresses: [{ type: isIP(kubelet.host) ? 'InternalIP' : 'InternalDNS', address: kubelet.host }],
      daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
    }),
    nodeInfo: nodeInfo(facts.kubeletVersion, clusterLabels(facts.remote, labels)),
  }
}

/** The API wants all of these; there is no machine to speak of. */
function nodeInfo(kubeletVersion: string, labels: Readonly<Record<string, string>>): Record<string, string> {
  const none = ['machineID', 'systemUUID', 'bootID', 'kernelVersion', 'osImage', 'containerRuntimeVersion']
  return {
    ...Object.fromEntries([...none, 'kubeProxyVersion'].map((field) => [field, ''])),
    kubeletVersion,
    operatingSystem: labels['kubernetes.io/os'] ?? '',
    architecture: labels['kubernetes.io/arch'] ?? '',
  }
}

import type { Resource } from './port.ts'

/** The kinds that Heliograph reads or writes, as the API names them. */
export const CONFIGMAP = core('configmaps', 'ConfigMap')
export const SECRET = core('secrets', 'Secret')
export const SERVICE = core('services', 'Service')
export const EVENT = core('events', 'Event')
export const SERVICE_ACCOUNT = core('serviceaccounts', 'ServiceAccount')
export const POD = core('pods', 'Pod')
export const PERSISTENT_VOLUME_CLAIM = core('persistentvolumeclaims', 'PersistentVolumeClaim')
export const PERSISTENT_VOLUME: Resource = { ...core('persistentvolumes', 'PersistentVolume'), namespaced: false }
export const INGRESS = grouped('networking.k8s.io', 'v1', 'ingresses', 'Ingress')
export const ENDPOINT_SLICE = grouped('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice')
export const STORAGE_CLASS: Resource = {
  ...grouped('storage.k8s.io', 'v1', 'storageclasses', 'StorageClass'),
  namespaced: false,
}
export const LEASE = grouped('coordination.k8s.io', 'v1', 'leases', 'Lease')
export const NODE: Resource = { ...core('nodes', 'Node'), namespaced: false }
export const NAMESPACE: Resource = { ...core('namespaces', 'Namespace'), namespaced: false }
export const NAMESPACE_OFFLOADING: Resource = {
  group: 'offloading.liqo.io',
  version: 'v1beta1',
  plural: 'namespaceoffloadings',
  kind: 'NamespaceOffloading',
  namespaced: true,
}
/** In a remote cluster: a pod that is to run there for a home cluster. */
export const SHADOW_POD: Resource = { ...NAMESPACE_OFFLOADING, plural: 'shadowpods', kind: 'ShadowPod' }
export const DEPLOYMENT = grouped('apps', 'v1', 'deployments', 'Deployment')
export const DAEMON_SET = grouped('apps', 'v1', 'daemonsets', 'DaemonSet')

/** Where all of the internal network is that has a namespace, in every cluster. */
export const SYSTEM_NAMESPACE = 'heliograph'
/** Where the functions' own ServiceAccounts and tokens are, if they have any. */
export const ACCOUNTS_NAMESPACE = 'heliograph-functions'
/** Network parameters of one cluster for another. */
export const NETWORK_CONFIG = network('networkconfigs', 'NetworkConfig')
/** The agreed ends of the tunnel to a peer, and how it is. */
export const TUNNEL_ENDPOINT = network('tunnelendpoints', 'TunnelEndpoint')
/** The networks that a cluster has given away. */
export const IPAM_STORAGE: Resource = { ...network('ipamstorages', 'IpamStorage'), namespaced: false }
/** An address that a peer may reach besides pods, and what stands for it. */
export const ENDPOINT_MAPPING: Resource = { ...network('endpointmappings', 'EndpointMapping'), namespaced: false }

function core(plural: string, kind: string): Resource {
  return grouped('', 'v1', plural, kind)
}

function network(plural: string, kind: string): Resource {
  return grouped('net.liqo.io', 'v1alpha1', plural, kind)
}

function grouped(group: string, version: string, plural: string, kind: string): Resource {
  return { group, version, plural, kind, namespaced: true }
}

/** Command lines of the control plane's programs. Whatever upstream does by default stays, unless a comment says why. */
import type { Keys } from './keys.ts'

/**
 * etcd asks no one for a credential, so it listens on sockets in the cluster's folder: whoever reached a port of it
 * would own the cluster. The paths are relative, since an absolute one may exceed what a socket's name can hold, and
 * etcd wants them to look like addresses.
 */
export const etcdSocket = 'localhost:2379'
const etcdPeerSocket = 'localhost:2380'

export const etcdFlags = (): string[] => [
  '--name=default',
  '--data-dir=etcd',
  `--listen-client-urls=unix://${etcdSocket}`,
  `--advertise-client-urls=unix://${etcdSocket}`,
  `--listen-peer-urls=unix://${etcdPeerSocket}`,
  `--initial-advertise-peer-urls=unix://${etcdPeerSocket}`,
  `--initial-cluster=default=unix://${etcdPeerSocket}`,
  // Survives the end of the process, not that of the machine: what a throwaway cluster needs.
  '--unsafe-no-fsync',
  '--log-level=warn',
]

export interface ApiServerSettings {
  port: number
  serviceCIDR: string
  keys: Keys
}

export const apiServerFlags = ({ port, serviceCIDR, keys: { files } }: ApiServerSettings): string[] => [
  `--etcd-servers=unix://${etcdSocket}`,
  '--bind-address=127.0.0.1',
  `--secure-port=${port}`,
  // Endpoints may hold no loopback address. This one (TEST-NET-1) only fills the Endpoints of default/kubernetes.
  '--advertise-address=192.0.2.1',
  `--tls-cert-file=${files.servingCert}`,
  `--tls-private-key-file=${files.servingKey}`,
  `--client-ca-file=${files.caCert}`,
  `--kubelet-client-certificate=${files.kubeletClientCert}`,
  `--kubelet-client-key=${files.kubeletClientKey}`,
  '--authorization-mode=Node,RBAC',
  '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
  `--service-account-key-file=${files.tokenPublic}`,
  `--service-account-signing-key-file=${files.tokenPrivate}`,
  `--service-cluster-ip-range=${serviceCIDR}`,
  '--allow-privileged=true',
  '--profiling=false',
]

export interface ClientSettings {
  kubeconfig: string
  port: number
  keys: Keys
}

/** Shared by controller-manager and scheduler. Leader election is off: there is one of each. */
const clientFlags = ({ kubeconfig, port, keys: { files } }: ClientSettings): string[] => [
  `--kubeconfig=${kubeconfig}`,
  '--bind-address=127.0.0.1',
  `--secure-port=${port}`,
  `--tls-cert-file=${files.servingCert}`,
  `--tls-private-key-file=${files.servingKey}`,
  '--leader-elect=false',
  '--profiling=false',
]

/** Controllers that have nothing to act on without clouds, devices, metrics and kubelets that ask for certificates. */
const idleControllers = [
  'horizontal-pod-autoscaler-controller',
  'persistentvolume-attach-detach-controller',
  'persistentvolume-expander-controller',
  'node-route-controller',
  'cloud-node-lifecycle-controller',
  'service-lb-controller',
  'certificatesigningrequest-signing-controller',
  'certificatesigningrequest-approving-controller',
  'certificatesigningrequest-cleaner-controller',
]

export const controllerManagerFlags = (settings: ClientSettings & { podCIDR: string }): string[] => [
  ...clientFlags(settings),
  `--service-account-private-key-file=${settings.keys.files.tokenPrivate}`,
  `--root-ca-file=${settings.keys.files.caCert}`,
  // Each controller under its own account and rights, as in a real cluster; its writes show up so in audit events.
  '--use-service-account-credentials=true',
  `--controllers=*,${idleControllers.map((name) => `-${name}`).join(',')}`,
  `--cluster-cidr=${settings.podCIDR}`,
]

export const schedulerFlags = (settings: ClientSettings): string[] => clientFlags(settings)

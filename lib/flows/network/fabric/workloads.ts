import type { KubeObject } from '../../../cluster/port.ts'
import { SYSTEM_NAMESPACE } from '../../../cluster/resources.ts'
import { managed } from '../names.ts'
import { GATEWAY, ROUTE, WIREGUARD_PORT, WIREGUARD_PORT_NAME } from './names.ts'

export interface WorkloadSettings {
  /** Of both agents. */
  readonly image: string
  readonly serviceType: 'LoadBalancer' | 'NodePort'
  readonly serviceAnnotations?: Readonly<Record<string, string>>
}

/** Label by which the gateway's Pod is found. */
export const GATEWAY_LABELS = { 'app.kubernetes.io/name': GATEWAY }
const ROUTE_LABELS = { 'app.kubernetes.io/name': ROUTE }

/**
 * Service, Deployment and DaemonSet to apply in SYSTEM_NAMESPACE. Both agents run as root with CAP_NET_ADMIN and nothing
 * else: not privileged, no writable file system, no /proc/sys. ServiceAccounts and rights come with `infra/gateway/rbac.yaml`.
 */
export function gatewayWorkloads(settings: WorkloadSettings): KubeObject[] {
  return [service(settings), gateway(settings), route(settings)]
}

function service({ serviceType, serviceAnnotations }: WorkloadSettings): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...meta(GATEWAY, GATEWAY_LABELS),
      ...(serviceAnnotations ? { annotations: { ...serviceAnnotations } } : {}),
    },
    spec: {
      type: serviceType,
      selector: GATEWAY_LABELS,
      ports: [{ name: WIREGUARD_PORT_NAME, port: WIREGUARD_PORT, targetPort: WIREGUARD_PORT, protocol: 'UDP' }],
    },
  }
}

/**
 * One gateway at a time, the old one gone before the next: two with one key would take each other's packets. The NAT is
 * by prefix, so connections outlive the change without any state handed over.
 */
function gateway({ image }: WorkloadSettings): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta(GATEWAY, GATEWAY_LABELS),
    spec: {
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: GATEWAY_LABELS },
      template: {
        metadata: { labels: { ...managed(), ...GATEWAY_LABELS } },
        spec: {
          serviceAccountName: GATEWAY,
          enableServiceLinks: false,
          affinity: REAL_NODES,
          // A node that is gone is given up after half a minute instead of five.
          tolerations: ['not-ready', 'unreachable'].map((condition) => ({
            key: `node.kubernetes.io/${condition}`,
            operator: 'Exists',
            effect: 'NoExecute',
            tolerationSeconds: 30,
          })),
          containers: [
            {
              ...agent(image, 'gateway', { field: ['POD_IP', 'status.podIP'], memoryMiB: 192 }),
              ports: [{ name: WIREGUARD_PORT_NAME, containerPort: WIREGUARD_PORT, protocol: 'UDP' }],
              resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '256Mi' } },
              volumeMounts: [
                { name: 'wireguard', mountPath: '/var/run/wireguard' },
                { name: 'net', mountPath: '/dev/net' },
              ],
            },
          ],
          volumes: [
            { name: 'wireguard', emptyDir: { medium: 'Memory' } },
            // For userspace WireGuard, where the kernel has none.
            { name: 'net', hostPath: { path: '/dev/net', type: 'DirectoryOrCreate' } },
          ],
        },
      },
    },
  }
}

function route({ image }: WorkloadSettings): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: meta(ROUTE, ROUTE_LABELS),
    spec: {
      selector: { matchLabels: ROUTE_LABELS },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
      template: {
        metadata: { labels: { ...managed(), ...ROUTE_LABELS } },
        spec: {
          serviceAccountName: ROUTE,
          enableServiceLinks: false,
          hostNetwork: true,
          affinity: REAL_NODES,
          tolerations: [{ operator: 'Exists' }],
          containers: [
            {
              ...agent(image, 'route', { field: ['NODE_NAME', 'spec.nodeName'], memoryMiB: 48 }),
              resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '64Mi' } },
            },
          ],
        },
      },
    },
  }
}

/** No agent on a virtual node: its pods would run in the peer. */
const REAL_NODES = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'liqo.io/type', operator: 'NotIn', values: ['virtual-node'] }] }],
    },
  },
}

interface AgentSettings {
  /** Variable and the Pod's field that it holds. */
  readonly field: readonly [string, string]
  /** What Go's garbage collector is to keep to: without it userspace WireGuard grows to 0.3 GB under load. */
  readonly memoryMiB: number
}

function agent(image: string, mode: 'gateway' | 'route', { field: [name, fieldPath], memoryMiB }: AgentSettings) {
  return {
    name: mode,
    image,
    args: [mode],
    env: [
      { name, valueFrom: { fieldRef: { fieldPath } } },
      { name: 'GOMEMLIMIT', value: `${memoryMiB}MiB` },
    ],
    readinessProbe: { exec: { command: ['/agent', 'ready', mode] }, periodSeconds: 5 },
    securityContext: {
      runAsUser: 0,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
  }
}

function meta(name: string, labels: Readonly<Record<string, string>>): KubeObject['metadata'] {
  return { name, namespace: SYSTEM_NAMESPACE, labels: { ...managed(), ...labels } }
}

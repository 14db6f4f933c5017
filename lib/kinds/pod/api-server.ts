import { isIPv6 } from 'node:net'
import type { KubeObject } from '../../cluster/port.ts'
import { eachMap, isMap, type Json, mapOf, mapsOf } from '../json.ts'
import { apiServerFor, type PodSettings, serviceAccountOf } from './settings.ts'

/** Names of the home API server in a remote pod: those that its own cluster's DNS does not answer with another one. */
const HOST = 'kubernetes.default'
const ALIASES = [HOST, 'kubernetes.default.svc']

/**
 * Containers, or init containers, that are led to the home API server: the environment that in-cluster clients read
 * comes last and so wins, and a field reference to the ServiceAccount becomes its name at home, for the remote pod has
 * none. Source of the rule: Liqo v1.2, `pkg/virtualKubelet/forge/pods.go`.
 */
export function remoteContainers(containers: unknown, pod: KubeObject, settings: PodSettings): unknown {
  if (!isLedHome(pod, settings)) return containers
  const account = serviceAccountOf(pod)
  return eachMap(containers, (container) => ({
    ...container,
    env: [...mapsOf(container.env).map((entry) => withAccount(entry, account)), ...environment(settings)],
  }))
}

/** hostAliases of the remote pod: those of home, and one for the home API server where it has an address there. */
export function remoteHostAliases(pod: KubeObject, settings: PodSettings): unknown {
  const { hostAliases } = mapOf(pod.spec)
  const { kubernetesIP = '', homeApiServer } = settings
  if (!isLedHome(pod, settings) || homeApiServer || kubernetesIP === '') return hostAliases
  return [...mapsOf(hostAliases), { ip: kubernetesIP, hostnames: [...ALIASES] }]
}

function isLedHome(pod: KubeObject, settings: PodSettings): boolean {
  return ['TokenAPI', 'Legacy'].includes(apiServerFor(pod, settings))
}

function withAccount(entry: Json, value: string): Json {
  const { valueFrom, ...rest } = entry
  const reference = isMap(valueFrom) && mapOf(valueFrom.fieldRef).fieldPath
  return reference === 'spec.serviceAccountName' ? { ...rest, value } : entry
}

/** What the kubelet puts there for the `kubernetes` Service, e.g. `KUBERNETES_PORT=tcp://kubernetes.default:443`. */
function environment({ homeApiServer, kubernetesPort = '443' }: PodSettings): Json[] {
  const { host, port } = homeApiServer ?? { host: HOST, port: kubernetesPort }
  const url = `tcp://${isIPv6(host) ? `[${host}]` : host}:${port}`
  const values = {
    KUBERNETES_SERVICE_HOST: host,
    KUBERNETES_SERVICE_PORT: port,
    KUBERNETES_PORT: url,
    [`KUBERNETES_PORT_${port}_TCP`]: url,
    [`KUBERNETES_PORT_${port}_TCP_PROTO`]: 'tcp',
    [`KUBERNETES_PORT_${port}_TCP_ADDR`]: host,
    [`KUBERNETES_PORT_${port}_TCP_PORT`]: port,
  }
  return Object.entries(values).map(([name, value]) => ({ name, value }))
}

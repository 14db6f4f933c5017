import type { KubeObject } from '../../lib/cluster/port.ts'
import type { Networks } from '../../lib/kinds/kind.ts'
import type { ApiServerSupport, PodPatch, PodSettings } from '../../lib/kinds/pod/settings.ts'
import type { Golden } from './cases.ts'
import { type Configuration, cidrsOf } from './configuration.ts'
import { inputOf } from './runner.ts'

/** The `params` of cases about pods. */
interface Params {
  nodeName: string
  nodeIP: string
  apiServerSupport: ApiServerSupport
  kubernetesServicePort: string
  kubernetesServiceIP: string
  homeAPIServerHost: string
  homeAPIServerPort: string
  saSecretName: string
  offloadingPatch: PodPatch
  ipTranslation: Record<string, string>
  disableIPReflection: boolean
  restarts: number
  phase: string
  reason: string
  netConfiguration: Configuration | null
  localCluster: { id: string }
  remoteCluster: { id: string }
}

export function paramsOf({ params }: Golden): Partial<Params> {
  return params as Partial<Params>
}

/** How pods are offloaded in a case, in our terms. The home API server has an address only with a network. */
export function settingsOf(given: Golden): PodSettings {
  const params = paramsOf(given)
  const { homeAPIServerHost: host, homeAPIServerPort: port, kubernetesServiceIP, netConfiguration } = params
  return {
    ...(params.apiServerSupport && { apiServer: params.apiServerSupport }),
    ...(params.kubernetesServicePort && { kubernetesPort: params.kubernetesServicePort }),
    ...(kubernetesServiceIP && netConfiguration !== null && { kubernetesIP: kubernetesServiceIP }),
    ...(host && port && { homeApiServer: { host, port } }),
    ...(params.saSecretName && { tokenSecret: params.saSecretName }),
    ...(params.offloadingPatch && { patch: params.offloadingPatch }),
  }
}

/** The same for a peering, which the configuration gives short tokens or none. */
export function peeringSettingsOf(given: Golden): PodSettings {
  const { apiServer, ...settings } = settingsOf(given)
  return { ...settings, ...(apiServer && { apiServer: apiServer === 'Legacy' ? 'TokenAPI' : apiServer }) }
}

/**
 * What a case says of the remote pods' addresses: `ipTranslation` makes each of them a pod CIDR of its own under its
 * other name, a network configuration names the CIDRs of both sides, and without either they are as they are.
 */
export function podNetworksOf(given: Golden): Networks {
  const { ipTranslation, netConfiguration, disableIPReflection, localCluster, remoteCluster } = paramsOf(given)
  const [own, names] = netConfiguration
    ? [cidrsOf(netConfiguration.spec).podCIDRs, cidrsOf(netConfiguration.status).podCIDRs]
    : [Object.keys(ipTranslation ?? {}).map(alone), Object.values(ipTranslation ?? {}).map(alone)]
  const networking = { internal: Boolean(ipTranslation || netConfiguration), reflectIPs: !disableIPReflection }
  const none = { podCIDRs: [], externalCIDRs: [], serviceCIDRs: [] }
  return {
    home: { id: localCluster?.id ?? '', networking, plan: none },
    remote: {
      id: remoteCluster?.id ?? '',
      networking,
      plan: { ...none, podCIDRs: own, seenAs: { podCIDRs: names, externalCIDRs: [] } },
    },
  }
}

function alone(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`
}

/** The home pod of a case, bound to the virtual node that the case names. */
export function homePodOf(given: Golden): KubeObject {
  const { local } = inputOf<{ local: KubeObject }>(given)
  const { nodeName } = paramsOf(given)
  const pod = { ...local, apiVersion: 'v1', kind: 'Pod' } as KubeObject
  return nodeName ? { ...pod, spec: { ...(pod.spec as object), nodeName } } : pod
}

/** An object as typed clients print it. */
export function typed({ apiVersion: _, kind: __, ...object }: KubeObject): Omit<KubeObject, 'apiVersion' | 'kind'> {
  return object
}

import type { KubeObject } from '../../cluster/port.ts'
import { type Json, mapOf } from '../json.ts'

/** How pods are offloaded to one remote cluster, by its operator's choice. All of it may be absent. */
export interface PodSettings {
  /** Whether containers are led to the home API server, and with what tokens. `Disabled` unless told. */
  apiServer?: ApiServerSupport
  /** Port of home's `kubernetes` Service; 443 unless told. */
  kubernetesPort?: string
  /** Where remote pods reach home's `kubernetes` Service, if they can. */
  kubernetesIP?: string
  /** An address of the home API server for remote pods, instead of the Service. */
  homeApiServer?: { host: string; port: string }
  /** Secret with the pod's tokens, where it has another name than `tokenSecretName` gives. */
  tokenSecret?: string
  /** Added to every pod that runs there. */
  patch?: PodPatch
}

/** What the operator of the peering adds to remote pods; Liqo keeps it in its VirtualNode. */
export interface PodPatch {
  nodeSelector?: Json
  tolerations?: readonly Json[]
  affinity?: Json
  runtimeClassName?: string
}

/**
 * `TokenAPI`: short tokens from home's TokenRequest, in a Secret a pod. `Legacy`: one long-lived token a ServiceAccount.
 * `Remote`: the pod is meant for the API server of the cluster it runs in. `Disabled`: no API server is offered.
 */
export type ApiServerSupport = 'Disabled' | 'Legacy' | 'TokenAPI' | 'Remote'

/** Annotation of a home pod: `remote` or `disabled` over what is configured; other values say nothing. */
const SUPPORT = 'liqo.io/api-server-support'

/** What holds for this pod. */
export function apiServerFor(pod: KubeObject, settings: PodSettings): ApiServerSupport {
  switch (pod.metadata.annotations?.[SUPPORT]) {
    case 'remote':
      return 'Remote'
    case 'disabled':
      return 'Disabled'
    default:
      return settings.apiServer ?? 'Disabled'
  }
}

/** The ServiceAccount that the pod runs as at home. */
export function serviceAccountOf(pod: KubeObject): string {
  const { serviceAccountName } = mapOf(pod.spec)
  return typeof serviceAccountName === 'string' && serviceAccountName !== '' ? serviceAccountName : 'default'
}

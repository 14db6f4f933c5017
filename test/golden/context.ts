import type { KubeObject } from '../../lib/cluster/port.ts'
import type { Context, ReflectionType } from '../../lib/kinds/kind.ts'
import type { Golden } from './cases.ts'
import { networksOf } from './networks.ts'

/** The `params` that have an equivalent of ours; README of the cases. */
interface Params {
  localCluster: { id: string }
  remoteCluster: { id: string }
  localNamespace: string
  remoteNamespace: string
  reflectionType: string
  offloadingPatch: { labelsNotReflected?: string[]; annotationsNotReflected?: string[] }
  enableLoadBalancer: boolean
  remoteLoadBalancerClass: string
  enableIngress: boolean
  remoteIngressClass: string
  virtualStorageClass: string
  remoteStorageClass: string
}

/** What forge and select know in a case. A class counts only where the remote cluster offers some. */
export function contextOf(golden: Golden): Context {
  const given = golden.params as Partial<Params>
  return {
    home: given.localCluster?.id ?? '',
    remote: given.remoteCluster?.id ?? '',
    homeNamespace: given.localNamespace ?? '',
    remoteNamespace: given.remoteNamespace ?? '',
    reflection: reflectionOf(given.reflectionType),
    labelsNotReflected: given.offloadingPatch?.labelsNotReflected ?? [],
    annotationsNotReflected: given.offloadingPatch?.annotationsNotReflected ?? [],
    remoteLabels: {},
    networks: networksOf(golden),
    storage: {
      ...(given.virtualStorageClass && { virtualClass: given.virtualStorageClass }),
      ...(given.remoteStorageClass && { remoteClass: given.remoteStorageClass }),
    },
    ...(given.enableIngress && given.remoteIngressClass && { ingressClass: given.remoteIngressClass }),
    ...(given.enableLoadBalancer && { loadBalancerClass: given.remoteLoadBalancerClass ?? '' }),
  }
}

/** @throws RangeError for a type that Liqo, too, has no rule for */
function reflectionOf(type = 'DenyList'): ReflectionType {
  if (type === 'DenyList' || type === 'AllowList' || type === 'Off') return type
  throw new RangeError(`reflection type ${type}`)
}

/** The source object: typed clients leave apiVersion and kind out, so they are put in. */
export function sourceOf({ input }: Golden, kind: string, apiVersion = 'v1'): KubeObject {
  return { apiVersion, kind, ...(input as { metadata: KubeObject['metadata'] }) }
}

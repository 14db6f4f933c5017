import type { KubeObject } from '../../cluster/port.ts'
import type { Context } from '../kind.ts'
import { filled, remoteMeta, without } from '../meta.ts'

/** Every namespace of every cluster has a ConfigMap of this name with that cluster's own CA bundle. */
export const ROOT_CA = 'kube-root-ca.crt'

/**
 * The ConfigMap to apply remotely: data, binaryData, immutable, and what else the source holds, as they are.
 * Source of the rule: Liqo v1.2, `pkg/virtualKubelet/forge/configmaps.go`.
 */
export function remoteConfigMap(source: KubeObject, context: Context): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: remoteMeta(source, context, remoteConfigMapName(source.metadata.name, context)),
    ...filled(without(source, ['apiVersion', 'kind', 'metadata'])),
  }
}

/**
 * The home cluster's CA bundle goes beside the remote one, under a name with the first five characters of the home
 * ClusterID, e.g. `kube-root-ca.crt.abcde` for `abcdef`; `a` is added where that would end in `-` or `.`, as
 * `kube-root-ca.crt.rome-a` for `rome-7f3a`. Other names stay.
 */
export function remoteConfigMapName(name: string, { home }: Pick<Context, 'home'>): string {
  if (name !== ROOT_CA) return name
  const renamed = `${ROOT_CA}.${home.slice(0, 5)}`
  return /[a-zA-Z0-9]$/.test(renamed) ? renamed : `${renamed}a`
}

/** The way back, for events of the remote ConfigMap. */
export function homeConfigMapName(name: string, context: Pick<Context, 'home'>): string {
  return name === remoteConfigMapName(ROOT_CA, context) ? ROOT_CA : name
}

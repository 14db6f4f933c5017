import type { KubeObject } from '../../cluster/port.ts'
import { remoteConfigMapName } from '../configmap/forge.ts'
import { eachMap, isMap, type Json, mapOf, mapsOf } from '../json.ts'
import type { Context } from '../kind.ts'
import { apiServerFor, type PodSettings } from './settings.ts'
import { tokenKey, tokenSecretName } from './tokens.ts'

/** Volume that the ServiceAccount admission adds at home, followed by five random characters. */
const API_ACCESS = 'kube-api-access-'

/**
 * Volumes of the remote pod. All travel as they are, but in projected ones the home CA is looked for under the name
 * that its copy has, and a token of the home API server comes from the Secret that holds it. A pod meant for the
 * remote API server keeps even those. Source of the rule: Liqo v1.2, `pkg/virtualKubelet/forge/pods.go`.
 */
export function remoteVolumes(pod: KubeObject, context: Context, settings: PodSettings): unknown {
  const { volumes } = mapOf(pod.spec)
  if (apiServerFor(pod, settings) === 'Remote') return volumes
  return eachMap(volumes, (volume) => {
    if (!isMap(volume.projected) || !Array.isArray(volume.projected.sources)) return volume
    const sources = mapsOf(volume.projected.sources).flatMap(
      (source) => remoteSource(source, String(volume.name), pod, context, settings) ?? [],
    )
    return { ...volume, projected: { ...volume.projected, sources } }
  })
}

/** undefined: not projected in the remote pod. */
function remoteSource(
  source: Json,
  volume: string,
  pod: KubeObject,
  context: Context,
  settings: PodSettings,
): Json | undefined {
  if (isMap(source.configMap)) {
    const { name } = source.configMap
    return { ...source, configMap: { ...source.configMap, ...rootCA(name, context) } }
  }
  if (!isMap(source.serviceAccountToken)) return source
  const path = typeof source.serviceAccountToken.path === 'string' ? source.serviceAccountToken.path : ''
  const key = keyOf(volume, path, pod, settings)
  if (key === undefined) return undefined
  const name = settings.tokenSecret ?? tokenSecretName(pod.metadata.name)
  return { secret: { name, items: [{ key, path }] } }
}

function rootCA(name: unknown, context: Context): Json {
  return typeof name === 'string' ? { name: remoteConfigMapName(name, context) } : {}
}

/** A long-lived token serves the API server only, so that it stands for none with an audience of its own. */
function keyOf(volume: string, path: string, pod: KubeObject, settings: PodSettings): string | undefined {
  switch (apiServerFor(pod, settings)) {
    case 'TokenAPI':
      return tokenKey(volume, path)
    case 'Legacy':
      return volume.startsWith(API_ACCESS) ? 'token' : undefined
    default:
      return undefined
  }
}

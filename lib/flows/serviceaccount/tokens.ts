import type { KubeObject } from '../../cluster/port.ts'
import { mapOf, mapsOf } from '../../kinds/json.ts'
import { tokenKey } from '../../kinds/pod/tokens.ts'

/** A token that a pod projects into one of its volumes. */
export interface TokenSource {
  /** Of it in the Secret, e.g. `kube-api-access-x7k2p-3c469e`. */
  key: string
  /** Empty: the API server itself. */
  audience: string
  /** That it is asked for. */
  expirationSeconds: number
}

export interface Token extends TokenSource {
  token: string
  /** RFC 3339; empty where it is not known. */
  expiration: string
}

/** As in the API, where a pod does not say. */
const DEFAULT_SECONDS = 3600

/** Part of its life that a token has left when it is asked for anew (Liqo v1.2; a kubelet does the same). */
const LEFT = 0.2

/** Every token that the pod projects, in the order of its volumes. */
export function tokenSources(pod: KubeObject): TokenSource[] {
  return mapsOf(mapOf(pod.spec).volumes).flatMap((volume) =>
    mapsOf(mapOf(volume.projected).sources).flatMap(({ serviceAccountToken }) => {
      if (!serviceAccountToken) return []
      const { path, audience, expirationSeconds } = mapOf(serviceAccountToken)
      return {
        key: tokenKey(String(volume.name), typeof path === 'string' ? path : ''),
        audience: typeof audience === 'string' ? audience : '',
        expirationSeconds: typeof expirationSeconds === 'number' ? expirationSeconds : DEFAULT_SECONDS,
      }
    }),
  )
}

/** The spec of a TokenRequest: bound to the pod, so that the token ends with it. */
export function tokenRequestSpec(pod: KubeObject, { audience, expirationSeconds }: TokenSource) {
  const { name, uid } = pod.metadata
  return {
    ...(audience !== '' && { audiences: [audience] }),
    expirationSeconds,
    boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
  }
}

/** Epoch ms from when on it is asked for anew; NaN where its expiration is not known, which is before everything. */
export function refreshDue({ expiration, expirationSeconds }: Pick<Token, 'expiration' | 'expirationSeconds'>): number {
  return Date.parse(expiration) - LEFT * expirationSeconds * 1000
}

/** Whether it can be left as it is. @param now epoch ms */
export function isFresh(token: Token, now: number): boolean {
  return token.token !== '' && now < refreshDue(token)
}

/** How Go writes a time that is none. */
const NO_TIME = '0001-01-01T00:00:00Z'

/** The earliest of times in epoch ms, as RFC 3339; `0001-01-01T00:00:00Z` without one. */
export function earliest(times: readonly number[]): string {
  if (times.length === 0 || times.some(Number.isNaN)) return NO_TIME
  return new Date(Math.min(...times)).toISOString().replace(/\.\d+Z$/, 'Z')
}

import { createHash } from 'node:crypto'

/** Characters in the name of a Secret. */
const MAX_NAME = 253
const SUFFIX = '-token'

/**
 * Remote Secret that holds a pod's tokens, e.g. `web-0-token` (Liqo v1.2, `forge/secrets.go`). Where that is too long
 * the name is cut and ends in 6 hex digits of its SHA-256: Liqo fails there.
 */
export function tokenSecretName(pod: string): string {
  if (pod.length + SUFFIX.length <= MAX_NAME) return pod + SUFFIX
  const digest = hash6(pod)
  return `${pod.slice(0, MAX_NAME - SUFFIX.length - digest.length - 1)}-${digest}${SUFFIX}`
}

/** Key of one token in it, by volume and path in the volume, e.g. `kube-api-access-x7k2p-3c469e` for `token`. */
export function tokenKey(volume: string, path: string): string {
  return `${volume}-${hash6(path)}`
}

function hash6(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 6)
}

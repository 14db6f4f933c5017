import { UnreachableError } from '../../cluster/errors.ts'
import { failureOf } from '../../cluster/failure.ts'
import type { HttpCluster } from '../../cluster/http.ts'
import { type KubeObject, pathOf } from '../../cluster/port.ts'
import { SERVICE_ACCOUNT } from '../../cluster/resources.ts'
import { mapOf } from '../../kinds/json.ts'
import { serviceAccountOf } from '../../kinds/pod/settings.ts'
import { type Token, type TokenSource, tokenRequestSpec } from './tokens.ts'

/** Gets a token of home for one source of a pod. @throws ClusterError, without the token in any case */
export type Ask = (pod: KubeObject, source: TokenSource) => Promise<Token>

/** Asks by the TokenRequest API. */
export function askOf(home: Pick<HttpCluster, 'id' | 'request'>): Ask {
  return async (pod, source) => {
    const [namespace, name] = [pod.metadata.namespace, serviceAccountOf(pod)]
    const spec = tokenRequestSpec(pod, source)
    const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec })
    const path = pathOf(SERVICE_ACCOUNT, namespace, name, 'token')
    // Asked for twice, one of the two tokens is never used.
    const reply = await home.request('POST', path, { body, repeatable: true })
    if (reply.status !== 200 && reply.status !== 201) {
      throw failureOf(
        home.id,
        { verb: 'create', resource: SERVICE_ACCOUNT, namespace, name, subresource: 'token' },
        reply,
      )
    }
    return { ...source, ...answerIn(home.id, reply.text) }
  }
}

function answerIn(cluster: string, text: string): Pick<Token, 'token' | 'expiration'> {
  const { token, expirationTimestamp } = statusOf(text)
  if (typeof token === 'string' && token !== '' && typeof expirationTimestamp === 'string') {
    return { token, expiration: expirationTimestamp }
  }
  throw new UnreachableError(cluster, 'the answer to a TokenRequest is cut off')
}

function statusOf(text: string): Record<string, unknown> {
  try {
    return mapOf(mapOf(JSON.parse(text)).status)
  } catch {
    return {}
  }
}

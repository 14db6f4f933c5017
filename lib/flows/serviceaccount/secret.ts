import type { KubeObject } from '../../cluster/port.ts'
import { mapOf } from '../../kinds/json.ts'
import type { Context } from '../../kinds/kind.ts'
import { marks } from '../../kinds/meta.ts'
import { NODE_NAME } from '../../kinds/pod/forge.ts'
import { serviceAccountOf } from '../../kinds/pod/settings.ts'
import { tokenSecretName } from '../../kinds/pod/tokens.ts'
import { nodeName } from '../node/name.ts'
import { earliest, refreshDue, type Token, type TokenSource } from './tokens.ts'

/** Names are Liqo v1.2's (`pkg/virtualKubelet/forge/secrets.go`). */
export const ACCOUNT = 'offloading.liqo.io/service-account-name'
export const POD_NAME = 'offloading.liqo.io/service-account-for-pod-name'
const POD_UID = 'offloading.liqo.io/service-account-for-pod-uid'
const EXPIRATION = 'offloading.liqo.io/service-account-expiration'

/** Annotation: when each token expires, JSON by key; Liqo remembers it in memory. */
const EXPIRATIONS = 'heliograph.io/token-expirations'
/** Annotation: when the first of them is to be asked for anew, RFC 3339. */
export const REFRESH = 'heliograph.io/token-refresh'

/** Characters of a label's value. */
const MAX_LABEL = 63

/** The remote Secret of a pod's tokens, without stamp. */
export function tokenSecret(pod: KubeObject, tokens: readonly Token[], context: Context): KubeObject {
  const { name, uid = '' } = pod.metadata
  const { nodeName: bound } = mapOf(pod.spec)
  const account = serviceAccountOf(pod)
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: tokenSecretName(name),
      namespace: context.remoteNamespace,
      labels: {
        ...marks(context),
        [NODE_NAME]: typeof bound === 'string' && bound !== '' ? bound : nodeName(context.remote),
        [ACCOUNT]: account.slice(0, MAX_LABEL).replace(/[^a-z0-9]+$/i, ''),
      },
      annotations: {
        [POD_NAME]: name,
        [POD_UID]: uid,
        [EXPIRATION]: earliest(tokens.map(({ expiration }) => Date.parse(expiration))),
        [EXPIRATIONS]: JSON.stringify(Object.fromEntries(tokens.map(({ key, expiration }) => [key, expiration]))),
        [REFRESH]: earliest(tokens.map(refreshDue)),
      },
    },
    type: 'Opaque',
    immutable: false,
    data: Object.fromEntries(tokens.map(({ key, token }) => [key, Buffer.from(token).toString('base64')])),
  }
}

/** What a Secret holds for a source; an empty token where it holds none. */
export function tokenIn({ metadata, data }: KubeObject, source: TokenSource): Token {
  const { annotations = {} } = metadata
  const encoded = mapOf(data)[source.key]
  const token = typeof encoded === 'string' ? Buffer.from(encoded, 'base64').toString() : ''
  const known = expirationsOf(annotations[EXPIRATIONS])[source.key]
  return { ...source, token, expiration: typeof known === 'string' ? known : (annotations[EXPIRATION] ?? '') }
}

function expirationsOf(text = '{}'): Record<string, unknown> {
  try {
    return mapOf(JSON.parse(text))
  } catch {
    return {}
  }
}

/** Name and uid of the pod that the Secret was made for. */
export function podOf({ metadata: { annotations = {} } }: KubeObject): { name: string; uid: string } {
  return { name: annotations[POD_NAME] ?? '', uid: annotations[POD_UID] ?? '' }
}

/** Whether one of its tokens is to be asked for anew by then. @param then epoch ms */
export function isDue(secret: KubeObject, then: number): boolean {
  return !(then < dueAt(secret))
}

/** When one of its tokens is to be asked for anew, epoch ms; NaN where it does not say. */
export function dueAt({ metadata }: KubeObject): number {
  return Date.parse(metadata.annotations?.[REFRESH] ?? '')
}

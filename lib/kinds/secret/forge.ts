import type { KubeObject } from '../../cluster/port.ts'
import type { Context } from '../kind.ts'
import { filled, remoteMeta, without } from '../meta.ts'

/** Type of a Secret that holds a long-lived token of a ServiceAccount. */
export const SERVICE_ACCOUNT_TOKEN = 'kubernetes.io/service-account-token'

/** Annotation of such a Secret at home, label of its copy: the ServiceAccount's name. */
const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name'

/**
 * The Secret to apply remotely: data, type, immutable, and what else the source holds. A service account token becomes
 * `Opaque`, for its type needs a ServiceAccount that the remote cluster does not have; its name becomes a label.
 * `type` is always sent, as `''` when the source has none. `stringData` is input only and never read back: not sent.
 * Source of the rule: Liqo v1.2, `pkg/virtualKubelet/forge/secrets.go`.
 */
export function remoteSecret(source: KubeObject, context: Context): KubeObject {
  const isToken = source.type === SERVICE_ACCOUNT_TOKEN
  const { labels, ...meta } = remoteMeta(source, context)
  const account = source.metadata.annotations?.[SERVICE_ACCOUNT_NAME] ?? ''
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...meta, labels: { ...labels, ...(isToken && { [SERVICE_ACCOUNT_NAME]: account }) } },
    ...filled(without(source, ['apiVersion', 'kind', 'metadata', 'stringData'])),
    type: isToken ? 'Opaque' : (source.type ?? ''),
  }
}

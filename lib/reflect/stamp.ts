import { createHash } from 'node:crypto'
import type { KubeObject } from '../cluster/port.ts'

/**
 * What the engine writes on every target besides the marks (origin and destination labels): where it comes from and
 * what was forged. The source's uid tells a recreated source from the one reflected before; the uid of the source
 * cluster's kube-system namespace tells that cluster from another under the same name; the digest shows a field that
 * the source has dropped, which containment alone cannot see.
 */
export const SOURCE = 'heliograph.io/source'
export const SOURCE_UID = 'heliograph.io/source-uid'
export const SOURCE_CLUSTER_UID = 'heliograph.io/source-cluster-uid'
export const DIGEST = 'heliograph.io/digest'

/** `shop/cfg`, or `cfg` for a cluster-scoped source. */
export function sourceRef(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name
}

/**
 * The desired target with its stamp.
 * @param clusterUid uid of the source cluster's kube-system namespace
 * @param notices what could not be reflected: in the digest, so that the owner is told again when it changes
 */
export function stamped(
  desired: KubeObject,
  source: KubeObject,
  clusterUid: string,
  notices: readonly string[] = [],
): KubeObject {
  const stamp = {
    [SOURCE]: sourceRef(source.metadata.namespace, source.metadata.name),
    [SOURCE_UID]: source.metadata.uid ?? '',
    [SOURCE_CLUSTER_UID]: clusterUid,
    [DIGEST]: digest(notices.length > 0 ? [desired, notices] : desired),
  }
  const annotations = { ...desired.metadata.annotations, ...stamp }
  return { ...desired, metadata: { ...desired.metadata, annotations } }
}

/** 16 hex digits of SHA-256 over the object with sorted keys. */
export function digest(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 16)
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isMap(inner) ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1))) : inner,
  )
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

import type { KubeObject, ObjectMeta } from '../cluster/port.ts'
import type { Context, End } from './kind.ts'

/**
 * The marks of a reflected object and the metadata that every target has in common. Names and rules are Liqo v1.2's
 * (`pkg/virtualKubelet/forge/meta.go`), so that copies made by either are told alike.
 */

/** Labels: ClusterID of the home cluster, and of the remote one. */
export const ORIGIN = 'offloading.liqo.io/origin'
export const DESTINATION = 'offloading.liqo.io/destination'

type Peers = Pick<Context, 'home' | 'remote'>

/** The labels that make an object a reflection of this peering, e.g. origin `rome`, destination `milan`. */
export function marks({ home, remote }: Peers): Record<string, string> {
  return { [ORIGIN]: home, [DESTINATION]: remote }
}

/** True when both marks are there and name this very peering: only such an object may be changed or deleted. */
export function isReflected(object: { metadata: Pick<ObjectMeta, 'labels'> }, { home, remote }: Peers): boolean {
  const labels = object.metadata.labels
  return labels?.[ORIGIN] === home && labels[DESTINATION] === remote
}

/** True when the object has the labels that targets of this end bear besides the marks. */
export function bearsLabels(
  object: { metadata: Pick<ObjectMeta, 'labels'> },
  { labels = {} }: Pick<End, 'labels'>,
): boolean {
  return Object.entries(labels).every(([key, value]) => object.metadata.labels?.[key] === value)
}

/** Label selector of all targets of a peering at this end: the marks, and the kind's own labels. */
export function targetSelector(end: End, peers: Peers): string {
  return Object.entries({ ...marks(peers), ...end.labels })
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
}

/**
 * Metadata of the target: the source's labels and annotations without those that stay at home, plus the marks, which
 * win over labels of the same name. Nothing else travels: owners and finalizers mean nothing in the other cluster.
 */
export function remoteMeta(source: KubeObject, context: Context, name = source.metadata.name): ObjectMeta {
  const { labels, annotations } = source.metadata
  const kept = without(annotations, context.annotationsNotReflected)
  return {
    name,
    namespace: context.remoteNamespace,
    labels: { ...without(labels, context.labelsNotReflected), ...marks(context) },
    ...(Object.keys(kept).length > 0 && { annotations: kept }),
  }
}

/** A copy of `map` that lacks `keys` (exact names, no patterns). */
export function without<T>(map: Readonly<Record<string, T>> | undefined, keys: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => !keys.includes(key)))
}

/**
 * A copy that lacks members which an apply would not send: absent, null, and empty maps or lists. `''`, 0 and false
 * stay: sent, they own the field with that value.
 */
export function filled(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value)))
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

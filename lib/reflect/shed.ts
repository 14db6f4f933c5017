import { isDeepStrictEqual } from 'node:util'
import { UndeclaredError } from '../cluster/errors.ts'
import type { KubeObject, Resource } from '../cluster/port.ts'
import { isMap } from '../kinds/json.ts'
import { contains } from './compare.ts'
import type { Peering, sideOf } from './peering.ts'

type Target = ReturnType<typeof sideOf>

/** How often a status is cut: the API server names one field of a map at a time. */
const MAX_CUTS = 16

/** Fields that a cluster did not know, so that each is logged once in a process. */
const logged = new WeakMap<Target, Set<string>>()

/**
 * Applies a status without the fields that the cluster's version of the kind does not declare: of a cluster of a later
 * version all the rest is of use. Nothing is remembered, as the cluster may be upgraded.
 * @param body with the status, and the guards of the object that was read
 * @param present status of that object
 * @returns undefined when it shows all that is left of the status already
 * @throws UndeclaredError when too many fields are refused, or fields that are not there
 * @throws ClusterError as the cluster does
 */
export async function applyPartly(
  cluster: Target,
  log: Peering['log'],
  resource: Resource,
  body: KubeObject,
  present: unknown,
): Promise<KubeObject | undefined> {
  let left: unknown = body.status
  for (let cuts = 0; ; cuts++) {
    if (cuts > 0 && contains(present, left)) return undefined
    try {
      return await cluster.apply(resource, { ...body, status: left }, 'status')
    } catch (error) {
      if (!(error instanceof UndeclaredError) || cuts === MAX_CUTS) throw error
      const rest = withoutFields({ status: left }, new Set(error.fields)).status
      if (isDeepStrictEqual(rest, left)) throw error
      left = rest
      logOnce(cluster, log, resource, error.fields)
    }
  }
}

function logOnce(cluster: Target, log: Peering['log'], { kind }: Resource, fields: readonly string[]): void {
  const known = logged.get(cluster) ?? new Set()
  logged.set(cluster, known)
  const dropped = fields.filter((field) => !known.has(field))
  if (dropped.length === 0) return
  for (const field of dropped) known.add(field)
  log.warn('status without fields that the API server does not know', { cluster: cluster.id, kind, dropped })
}

/**
 * A copy of plain JSON without some fields, wherever in lists they are.
 * @param fields paths as in UndeclaredError, e.g. `.status.containerStatuses[].later`
 */
export function withoutFields(map: Record<string, unknown>, fields: ReadonlySet<string>): Record<string, unknown> {
  const cutMap = (inner: Record<string, unknown>, path: string): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(inner)
        .map(([key, value]) => [`${path}.${key}`, key, value] as const)
        .filter(([at]) => !fields.has(at))
        .map(([at, key, value]) => [key, cut(value, at)]),
    )
  const cut = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((item: unknown) => cut(item, `${path}[]`))
    return isMap(value) ? cutMap(value, path) : value
  }
  return cutMap(map, '')
}

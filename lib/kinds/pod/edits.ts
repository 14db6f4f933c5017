import { eachMap, isMap, type Json, mapOf, mapsOf } from '../json.ts'

/**
 * The spec that a pod may still take: all of what it has, with the few fields that the API lets change. The rest of
 * `wanted` was settled when the pod was made; sending it would have the whole edit refused.
 *
 * | field | from `wanted` |
 * |---|---|
 * | image of a container or init container | where both have the container |
 * | activeDeadlineSeconds | set, or lowered; never taken back or raised |
 * | tolerations | those that are missing are added |
 */
export function editedPodSpec(present: unknown, wanted: unknown): Json {
  const old = mapOf(present)
  const { containers, initContainers, tolerations, activeDeadlineSeconds } = mapOf(wanted)
  const added = mapsOf(tolerations).filter((one) => !mapsOf(old.tolerations).some((other) => isSame(one, other)))
  return {
    ...old,
    ...withImages(old, 'containers', containers),
    ...withImages(old, 'initContainers', initContainers),
    ...(added.length > 0 && { tolerations: [...mapsOf(old.tolerations), ...added] }),
    ...(isShorter(activeDeadlineSeconds, old.activeDeadlineSeconds) && { activeDeadlineSeconds }),
  }
}

function withImages(old: Json, field: string, wanted: unknown): Json {
  if (!Array.isArray(old[field])) return {}
  const images = new Map(mapsOf(wanted).map(({ name, image }) => [name, image]))
  return {
    [field]: eachMap(old[field], (container) => {
      const image = images.get(container.name)
      return typeof image === 'string' && image !== '' ? { ...container, image } : container
    }),
  }
}

function isShorter(wanted: unknown, present: unknown): wanted is number {
  return typeof wanted === 'number' && (typeof present !== 'number' || wanted < present)
}

/** Two tolerations of plain values; the operator is `Equal` unless told. */
function isSame(a: Json, b: Json): boolean {
  const keys = ['key', 'operator', 'value', 'effect', 'tolerationSeconds']
  return isMap(b) && keys.every((key) => told(a, key) === told(b, key))
}

function told(toleration: Json, key: string): unknown {
  return toleration[key] ?? (key === 'operator' ? 'Equal' : '')
}

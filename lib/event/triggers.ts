import type { Kind } from '../kinds/kind.ts'

/** One row of what is wanted: writes of these objects wake this kind. Several rows may name the same objects. */
export interface Trigger {
  /** Room that is woken, e.g. `configmap`. */
  readonly kind: string
  /** API group, empty for the core group. */
  readonly group: string
  /** Resource as in URLs, e.g. `configmaps`. */
  readonly plural: string
  /** Subresources whose writes count besides those of the object itself, e.g. `['status']`. */
  readonly subresources?: readonly string[] | undefined
  /** Our own writes count too: for a kind whose source is written by another of our functions, e.g. ShadowPods. */
  readonly own?: boolean | undefined
}

/** Both ends of every kind: a change of the source, and one of the copy, which somebody may have spoilt. */
export function triggersOf(kinds: readonly Pick<Kind, 'name' | 'source' | 'target'>[]): Trigger[] {
  return kinds.flatMap(({ name, source, target }) =>
    [source, target].map(({ resource: { group, plural }, subresources }) => ({
      kind: name,
      group,
      plural,
      ...(subresources && { subresources }),
    })),
  )
}

/** What a write touched: `subresource` is empty for the object itself, `own` says that the write was ours. */
export interface Touched {
  readonly group: string
  readonly plural: string
  readonly subresource: string
  readonly own: boolean
}

/** Kinds that a write wakes, each once, in the order of the table; e.g. a pod wakes `['pod', 'shadowpod']`. */
export function wanted(touched: Touched, triggers: readonly Trigger[]): string[] {
  const kinds = triggers.filter((trigger) => isWanted(touched, trigger)).map((trigger) => trigger.kind)
  return [...new Set(kinds)]
}

function isWanted({ group, plural, subresource, own }: Touched, trigger: Trigger): boolean {
  if (trigger.group !== group || trigger.plural !== plural) return false
  if (own && trigger.own !== true) return false
  return subresource === '' || (trigger.subresources ?? []).includes(subresource)
}

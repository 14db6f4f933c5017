import type { End, Kind, Read, Side } from '../kinds/kind.ts'

/** One row of what is wanted: writes of these objects wake this kind. Several rows may name the same objects. */
export interface Trigger {
  /** Room that is woken, e.g. `configmap`. */
  readonly kind: string
  /** Query of the kind that the objects answer, e.g. `service`; absent: they are its sources or targets. */
  readonly of?: string | undefined
  /** Only in clusters of that role; absent: in all. */
  readonly side?: Side | undefined
  /** API group, empty for the core group. */
  readonly group: string
  /** Resource as in URLs, e.g. `configmaps`. */
  readonly plural: string
  /** Only in that namespace; absent: in all. */
  readonly namespace?: string | undefined
  /** Subresources whose writes count besides those of the object itself, e.g. `['status']`. */
  readonly subresources?: readonly string[] | undefined
  /** Our own writes that count too, by subresource, `` for the object: where another of our functions makes them. */
  readonly own?: readonly string[] | undefined
  /** Verbs that count, e.g. `create`; absent: all writes. */
  readonly verbs?: readonly string[] | undefined
}

/**
 * Both ends of every kind: a change of the source, and one of the copy, which somebody may have spoilt. And what the
 * kind reads besides, where its change wakes sources.
 */
export function triggersOf(kinds: readonly Pick<Kind, 'name' | 'source' | 'target' | 'reads'>[]): Trigger[] {
  return kinds.flatMap(({ name: kind, source, target, reads = {} }) => {
    const waking = Object.entries(reads).filter(([, { wakes }]) => wakes)
    return [
      ...[source, target].flatMap((end) => rowsOf(end).map((row) => ({ kind, ...row }))),
      ...waking.flatMap(([of, read]) => rowsOf(read).map((row) => ({ kind, of, ...row }))),
    ]
  })
}

type Row = Pick<End, 'side' | 'resource' | 'groups' | 'subresources' | 'own' | 'verbs'> & Pick<Read, 'namespace'>

/** One for each group that serves the objects; none where no write counts. */
function rowsOf({ side, resource: { group, plural }, groups = [], namespace, subresources, own, verbs }: Row) {
  if (verbs?.length === 0) return []
  const which = { ...(namespace && { namespace }), ...(verbs && { verbs }) }
  const more = { ...which, ...(subresources && { subresources }), ...(own && { own }) }
  return [group, ...groups].map((one) => ({ side, group: one, plural, ...more }))
}

/** What a write touched: `subresource` is empty for the object itself, `own` says that the write was ours. */
export interface Touched {
  readonly group: string
  readonly plural: string
  /** Empty for cluster-scoped objects. */
  readonly namespace: string
  readonly subresource: string
  readonly own: boolean
}

/** The rows that a write wakes, each kind and query once, in the order of the table; e.g. of a pod, pod and shadowpod. */
export function wanted(touched: Touched, triggers: readonly Trigger[]): Trigger[] {
  const woken = triggers.filter((trigger) => isWanted(touched, trigger))
  return [...Map.groupBy(woken, ({ kind, of = '' }) => `${kind} ${of}`).values()].map(([first]) => first!)
}

function isWanted({ group, plural, namespace, subresource, own }: Touched, trigger: Trigger): boolean {
  if (trigger.group !== group || trigger.plural !== plural) return false
  if (trigger.namespace !== undefined && trigger.namespace !== namespace) return false
  if (own && !trigger.own?.includes(subresource)) return false
  return subresource === '' || (trigger.subresources ?? []).includes(subresource)
}

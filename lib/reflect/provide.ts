import { ConflictError } from '../cluster/errors.ts'
import type { KubeObject } from '../cluster/port.ts'
import type { Context, Found, Kind } from '../kinds/kind.ts'
import { forEach } from './for-each.ts'
import { guarded } from './guard.ts'
import { type Peering, sideOf } from './peering.ts'

/** What has become of objects since they were queried, by name; undefined: it is gone. */
export type Since = ReadonlyMap<string, KubeObject | undefined>

/** What is to be written so that forge has all it needs, guarded by what is known. Pure. */
export type LackingOf = (since?: Since) => readonly KubeObject[]

export function lackingOf(
  { provides }: Kind,
  context: Context,
  source: KubeObject,
  found: Found,
): LackingOf | undefined {
  if (!provides) return undefined
  return (since = new Map()) => {
    const others = (found[provides.read] ?? []).filter(({ metadata }) => !since.has(metadata.name))
    const later = [...since.values()].filter((object) => object !== undefined)
    const known = [...others, ...later]
    const desired = provides.forge(source, context, { ...found, [provides.read]: known })
    return desired.map((object) =>
      guarded(
        object,
        known.find(({ metadata }) => metadata.name === object.metadata.name),
      ),
    )
  }
}

/** Objects that are written at a time. */
const AT_ONCE = 16

/** How often others may be faster in one go; then the platform's redelivery takes over. */
const MAX_ROUNDS = 200

/**
 * Writes what is lacking. Each write is guarded, that of a new object by its name: where somebody else was faster, his
 * object is read, and what is lacking then is asked anew. So no list has to be right, and each defeat is another's win.
 * @returns whether anything was written
 * @throws ConflictError when others were faster again and again
 * @throws ClusterError as the cluster does
 */
export async function provide(kind: Kind, peering: Peering, lacking: LackingOf): Promise<boolean> {
  const read = kind.provides && kind.reads?.[kind.provides.read]
  if (!read) return false
  const cluster = sideOf(peering, read.side)
  const since = new Map<string, KubeObject | undefined>()
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const objects = lacking(since)
    if (objects.length === 0) return round > 0
    await forEach(objects, AT_ONCE, async (object) => {
      const { name, namespace } = object.metadata
      const ref = namespace === undefined ? { name } : { namespace, name }
      try {
        since.set(name, await cluster.apply(read.resource, object))
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        since.set(name, await cluster.get(read.resource, ref))
      }
    })
  }
  throw new ConflictError(cluster.id, `${kind.name}: others were always faster; it will be tried again`)
}

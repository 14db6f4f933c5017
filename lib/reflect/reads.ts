import type { KubeObject, ListOptions, Resource } from '../cluster/port.ts'
import type { Context, Found, Kind, Read, Wanted } from '../kinds/kind.ts'
import { namespaceOn, type Pair, type Peering, sideOf } from './peering.ts'

/** Gets what one query wants. */
export type Fetch = (read: Read, wanted: Wanted) => Promise<KubeObject[]>

/** Answers the queries of one source. */
export async function readAll(
  reads: Kind['reads'] = {},
  source: KubeObject,
  context: Context,
  fetch: Fetch,
): Promise<Found> {
  const answers = Object.entries(reads).map(
    async ([name, read]) => [name, (await fetch(read, read.wanted(source, context))).map(partOf(read))] as const,
  )
  return Object.fromEntries(await Promise.all(answers))
}

/**
 * The queries that a second look is worth: those whose objects wake keys when they change, and the one for what the kind
 * provides, which a flow may free at the same time.
 */
export function lookedAtAgain({ reads = {}, provides }: Kind): Readonly<Record<string, Read>> {
  return Object.fromEntries(Object.entries(reads).filter(([name, { wakes }]) => wakes || name === provides?.read))
}

/** Where the objects of a query are. */
function placeOf({ side, resource, namespace }: Read, pair: Pair): { namespace?: string } {
  return resource.namespaced ? { namespace: namespace ?? namespaceOn(pair, side) } : {}
}

/** For one key: every object is read now. */
export function fetchFresh(peering: Peering, pair: Pair): Fetch {
  return async (read, wanted) => {
    const { side, resource } = read
    const cluster = sideOf(peering, side)
    const place = placeOf(read, pair)
    if ('labelSelector' in wanted)
      return (await Array.fromAsync(cluster.list(resource, { ...place, ...wanted }))).flat()
    const found = await Promise.all(wanted.names.map((name) => cluster.get(resource, { ...place, name })))
    return found.filter((object) => object !== undefined)
  }
}

/** Lists of one sweep that serve several pairs: of what is in no namespace of theirs, by cluster, resource, namespace and selector. */
export type Lists = Map<string, Promise<Map<string, KubeObject>>>

/**
 * For a comparison of lists: one list call a query instead of one read an object. Objects of the pair's namespaces are
 * kept while the pair is compared, others in `shared` for the whole sweep. They may be older than the source, so that the
 * verdict is a hint, as all of a comparison is.
 */
export function fetchListed(peering: Peering, pair: Pair, shared: Lists): Fetch {
  const own: Lists = new Map()
  return async (read, wanted) => {
    const { side, resource } = read
    if ('names' in wanted && wanted.names.length === 0) return []
    const lists = resource.namespaced && read.namespace === undefined ? own : shared
    const selector = 'labelSelector' in wanted ? wanted : {}
    const key = JSON.stringify([sideOf(peering, side).id, resource, read.namespace, selector])
    const known = lists.get(key) ?? list(peering, pair, read, selector)
    lists.set(key, known)
    // A list that failed is asked for again by the next pair.
    const objects = await known.catch((error) => {
      lists.delete(key)
      throw error
    })
    if ('labelSelector' in wanted) return [...objects.values()]
    return wanted.names.flatMap((name) => objects.get(name) ?? [])
  }
}

async function list(peering: Peering, pair: Pair, read: Read, selector: ListOptions): Promise<Map<string, KubeObject>> {
  const { side, resource } = read
  const place = placeOf(read, pair)
  const objects = new Map<string, KubeObject>()
  for await (const page of sideOf(peering, side).list(resource, { ...place, ...selector })) {
    for (const object of page.map(partOf(read))) objects.set(object.metadata.name, object)
  }
  return objects
}

function partOf({ part }: { part?: 'metadata'; resource: Resource }): (object: KubeObject) => KubeObject {
  return (object) => {
    const { apiVersion, kind, metadata } = object
    return part === 'metadata' ? { apiVersion, kind, metadata } : object
  }
}

import type { KubeObject } from '../cluster/port.ts'
import type { Context, End, Kind } from '../kinds/kind.ts'
import { targetSelector } from '../kinds/meta.ts'
import { changedAt } from './drift.ts'
import { refusalIn, timestamp } from './give.ts'
import { sourceName, targetName, toObservation } from './observe.ts'
import { contextOf, identityOf, namespaceOn, type Pair, type Peering, sideOf } from './peering.ts'
import { plan, type Verdict } from './plan.ts'
import { fetchListed, type Lists, readAll } from './reads.ts'

/** One key of a pair, and what two lists say should be done about it. */
export interface Planned {
  name: string
  verdict: Verdict
  /** Something is due to the source, or to be provided for it, whatever the verdict. */
  due: boolean
  /** When the last of what differs was changed, epoch ms; undefined where nothing differs, or nothing tells. */
  changed: number | undefined
}

/** Objects seen by a comparison. */
export interface Tally {
  listed: number
}

/**
 * Compares all sources of one kind in a pair with all targets that bear our marks, page by page: both lists come in
 * the order of names, so they are merged as they come and two pages are all that is held. The targets' list starts
 * first, as with one key. Lists only say where to look: whoever writes observes each key again.
 * @param shared lists of what forge needs besides, kept from pair to pair
 * @throws ListBrokenError when a list breaks off; what was yielded holds, what is missing is unknown
 */
export async function* diff(
  kind: Kind,
  peering: Peering,
  pair: Pair,
  tally: Tally,
  shared: Lists = new Map(),
): AsyncGenerator<Planned> {
  const context = contextOf(peering, kind, pair)
  // Read afresh: an instance that outlives its home cluster would go on stamping with what that one was.
  const identity = await identityOf(sideOf(peering, kind.source.side), true)
  const fetch = fetchListed(peering, pair, shared)
  const toPlanned = async (name: string, target?: KubeObject, source?: KubeObject): Promise<Planned> => {
    tally.listed += (target ? 1 : 0) + (source ? 1 : 0)
    const found = source ? await readAll(kind.reads, source, context, fetch) : {}
    const seen = toObservation(kind, context, { pair, name }, target, source, found, identity)
    const verdict = plan(seen)
    const isLacking = (seen.lacking?.() ?? []).length > 0
    const changed = verdict.do === 'nothing' ? undefined : changedAt(target ? [target, ...seen.basis] : seen.basis)
    return { name, verdict, changed, due: isLacking || seen.gift?.(refusalIn(verdict), timestamp()) !== undefined }
  }
  const targets = listed(peering, kind.target, pair, context)
  const sources = listed(peering, kind.source, pair)
  const renamed = { targets: new Map<string, KubeObject>(), sources: new Map<string, KubeObject>() }

  let target = await targets.next()
  let source = await sources.next()
  while (target || source) {
    if (source && targetName(kind, source.metadata.name, context) !== source.metadata.name) {
      renamed.sources.set(source.metadata.name, source)
      source = await sources.next()
    } else if (target && sourceName(kind, target.metadata.name, context) !== target.metadata.name) {
      renamed.targets.set(sourceName(kind, target.metadata.name, context), target)
      target = await targets.next()
    } else if (target && (!source || target.metadata.name < source.metadata.name)) {
      yield await toPlanned(target.metadata.name, target)
      target = await targets.next()
    } else if (source && (!target || source.metadata.name < target.metadata.name)) {
      yield await toPlanned(source.metadata.name, undefined, source)
      source = await sources.next()
    } else if (target && source) {
      yield await toPlanned(source.metadata.name, target, source)
      target = await targets.next()
      source = await sources.next()
    }
  }
  for (const name of new Set([...renamed.targets.keys(), ...renamed.sources.keys()])) {
    yield await toPlanned(name, renamed.targets.get(name), renamed.sources.get(name))
  }
}

/** The objects of one end, one after the other; only targets of the peering where its context is given. */
function listed(peering: Peering, end: End, pair: Pair, marked?: Context): { next(): Promise<KubeObject | undefined> } {
  const pages = sideOf(peering, end.side).list(end.resource, {
    namespace: namespaceOn(pair, end.side),
    ...(marked && { labelSelector: targetSelector(end, marked) }),
  })
  const objects = flat(pages)
  return { next: async () => (await objects.next()).value }
}

async function* flat(pages: AsyncIterable<KubeObject[]>): AsyncGenerator<KubeObject, undefined> {
  for await (const page of pages) yield* page
  return undefined
}

import type { KubeObject, ObjectRef } from '../cluster/port.ts'
import type { Context, End, Found, Kind, Selection } from '../kinds/kind.ts'
import { bearsLabels, isReflected } from '../kinds/meta.ts'
import { giftOf } from './give.ts'
import { contextOf, identityOf, namespaceOn, type Pair, type Peering, sideOf } from './peering.ts'
import type { Observation } from './plan.ts'
import { lackingOf } from './provide.ts'
import { fetchFresh, lookedAtAgain, readAll } from './reads.ts'
import { bySkipAndAllow } from './selection.ts'
import { SOURCE, SOURCE_UID, sourceRef, stamped } from './stamp.ts'

/** One object to look at: by the name of its source, in a pair of namespaces. */
export interface Key {
  pair: Pair
  name: string
}

/**
 * Reads what is known of a key. The target comes first, the source second and what else forge needs last: whoever then
 * finds the target unchanged (its resourceVersion still holds) knows that all of it was read after every earlier write
 * to the target.
 */
export async function observe(kind: Kind, peering: Peering, key: Key): Promise<Observation> {
  const context = contextOf(peering, kind, key.pair)
  const target = await read(peering, kind.target, key.pair, targetName(kind, key.name, context))
  // Before the source: if another cluster takes its place in between, the stamp forbids a deletion instead of allowing it.
  const identity = await sourceIdentity(kind, peering)
  const { source, found } = await readBasis(kind, peering, key, kind.reads)
  return toObservation(kind, context, key, target, source, found, identity)
}

/** The basis of an observation, read once more. */
export async function readAgain(kind: Kind, peering: Peering, key: Key): Promise<readonly KubeObject[]> {
  const { source, found } = await readBasis(kind, peering, key, lookedAtAgain(kind))
  return basisOf(kind, source, found)
}

async function readBasis(kind: Kind, peering: Peering, { pair, name }: Key, reads: Kind['reads']) {
  const source = await read(peering, kind.source, pair, name)
  const found = source && (await readAll(reads, source, contextOf(peering, kind, pair), fetchFresh(peering, pair)))
  return { source, found: found ?? {} }
}

/** What wakes nothing when it changes is not part of it (kind.ts): a second look would come as early as the first. */
function basisOf(kind: Kind, source: KubeObject | undefined, found: Found): readonly KubeObject[] {
  return source ? [source, ...Object.keys(lookedAtAgain(kind)).flatMap((name) => found[name] ?? [])] : []
}

/** The uid of the source cluster, for the stamp. */
export function sourceIdentity(kind: Kind, peering: Peering): Promise<string> {
  return identityOf(sideOf(peering, kind.source.side))
}

/** What objects, read or listed, say about their key. Pure. */
export function toObservation(
  kind: Kind,
  context: Context,
  key: Key,
  target: KubeObject | undefined,
  source: KubeObject | undefined,
  found: Found,
  clusterUid: string | undefined,
): Observation {
  const select = kind.select ?? bySkipAndAllow
  const selection: Selection = source ? select(source, context, found) : { reflect: true }
  const chosen = selection.reflect ? source : undefined
  const notices = (chosen && kind.notices?.(chosen, context, found)) ?? []
  const ours = target !== undefined && isOurs(kind, context, key, target)
  const forged = chosen && stamped(kind.forge(chosen, context, found), chosen, clusterUid ?? '', notices)
  const desired = forged && ours && kind.adapt ? kind.adapt(forged, target) : forged
  const lacking = chosen && (ours || !target) ? lackingOf(kind, context, chosen, found) : undefined
  const yielded = target !== undefined && kind.yields?.(target) === true
  const outlived = ours && isOfEarlier(target, source) && desired !== undefined && isRenewed(kind, target, desired)
  return {
    ...{ target, source, selection, desired, ours, yielded, outlived, notices, lacking },
    expires: kind.expires === true,
    basis: basisOf(kind, source, found),
    gift: giftOf(kind, context, source, ours ? target : undefined, found),
  }
}

/**
 * The marks of the peering, the labels of the kind, and a stamp, where there is one, that names this very key: a
 * namespace that was mapped anew must not make one key take another key's target for its own.
 */
function isOurs(kind: Kind, context: Context, key: Key, target: KubeObject): boolean {
  const stamp = target.metadata.annotations?.[SOURCE]
  const namespace = namespaceOn(key.pair, kind.source.side)
  const isMarked = isReflected(target, context) && bearsLabels(target, kind.target)
  return isMarked && (stamp === undefined || stamp === sourceRef(namespace, key.name))
}

function isRenewed({ renews }: Kind, target: KubeObject, desired: KubeObject): boolean {
  return typeof renews === 'function' ? renews(target, desired) : renews === true
}

/** The target was made for a source of the same name that is no more. */
function isOfEarlier(target: KubeObject, source: KubeObject | undefined): boolean {
  const stamp = target.metadata.annotations?.[SOURCE_UID]
  return source !== undefined && stamp !== undefined && stamp !== source.metadata.uid
}

export function targetName(kind: Kind, name: string, context: Context): string {
  return kind.targetName?.(name, context) ?? name
}

export function sourceName(kind: Kind, name: string, context: Context): string {
  return kind.sourceName?.(name, context) ?? name
}

function read(peering: Peering, end: End, pair: Pair, name: string): Promise<KubeObject | undefined> {
  const ref: ObjectRef = end.resource.namespaced ? { namespace: namespaceOn(pair, end.side), name } : { name }
  return sideOf(peering, end.side).get(end.resource, ref)
}

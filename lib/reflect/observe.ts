import type { KubeObject, ObjectRef } from '../cluster/port.ts'
import type { Context, End, Kind, Selection } from '../kinds/kind.ts'
import { isReflected } from '../kinds/meta.ts'
import { contextOf, identityOf, namespaceOn, type Pair, type Peering, sideOf } from './peering.ts'
import type { Observation } from './plan.ts'
import { bySkipAndAllow } from './selection.ts'
import { SOURCE, sourceRef, stamped } from './stamp.ts'

/** One object to look at: by the name of its source, in a pair of namespaces. */
export interface Key {
  pair: Pair
  name: string
}

/**
 * Reads what is known of a key. The target comes first and the source second: whoever then finds the target unchanged
 * (its resourceVersion still holds) knows that the source was read after every earlier write to it.
 */
export async function observe(kind: Kind, peering: Peering, key: Key): Promise<Observation> {
  const context = contextOf(peering, kind, key.pair)
  const target = await read(peering, kind.target, key.pair, targetName(kind, key.name, context))
  const source = await readSource(kind, peering, key)
  return toObservation(kind, context, key, target, source, source && (await sourceIdentity(kind, peering)))
}

export function readSource(kind: Kind, peering: Peering, key: Key): Promise<KubeObject | undefined> {
  return read(peering, kind.source, key.pair, key.name)
}

/** The uid of the source cluster, for the stamp. */
export function sourceIdentity(kind: Kind, peering: Peering): Promise<string> {
  return identityOf(sideOf(peering, kind.source.side))
}

/** What two objects, read or listed, say about their key. Pure. */
export function toObservation(
  kind: Kind,
  context: Context,
  key: Key,
  target: KubeObject | undefined,
  source: KubeObject | undefined,
  clusterUid: string | undefined,
): Observation {
  const select = kind.select ?? bySkipAndAllow
  const selection: Selection = source ? select(source, context) : { reflect: true }
  const desired =
    source && selection.reflect ? stamped(kind.forge(source, context), source, clusterUid ?? '') : undefined
  const ours = target !== undefined && isOurs(kind, context, key, target)
  const yielded = target !== undefined && kind.yields?.(target) === true
  return { target, source, selection, desired, ours, yielded }
}

/**
 * The marks of the peering, and a stamp, where there is one, that names this very key: a namespace that was mapped
 * anew must not make one key take another key's target for its own.
 */
function isOurs(kind: Kind, context: Context, key: Key, target: KubeObject): boolean {
  const stamp = target.metadata.annotations?.[SOURCE]
  const namespace = namespaceOn(key.pair, kind.source.side)
  return isReflected(target, context) && (stamp === undefined || stamp === sourceRef(namespace, key.name))
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

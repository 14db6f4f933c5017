import type * as z from 'zod/mini'
import { issueText, parse } from '../schema.ts'
import type { ChangeEvent } from './change.ts'
import { coalesce } from './coalesce.ts'
import { type Touched, type Trigger, wanted } from './triggers.ts'

/** One write that a cluster tells of, whatever the form: where it happened, never what was written. */
export interface Write extends Touched {
  /** Empty: a whole collection, or a name that is not known yet (generateName). */
  name: string
  admitted?: ChangeEvent['admitted']
}

/** What a body was reduced to. */
export interface Reading {
  /** Items that arrived. */
  received: number
  writes: Write[]
  /** Of each item that could not be read: the field and what it should be, e.g. `items[3].verb: …`. */
  unreadable: string[]
}

/** What one call brought. */
export interface Parcel extends Reading {
  form: 'audit' | 'admission' | 'cloudevents' | 'cloudwatch'
  /** uid of an AdmissionReview, which is answered by it. */
  review?: string
}

/**
 * Reads items one by one: a poisoned item is noted and the others go on, as refusing the list would make the API server
 * send it again.
 * @param toWrite undefined: nothing of interest (a read, a failed or a dry request)
 * @param pathOf where the item is in the body, e.g. `items[3]`
 */
export function readItems<T>(
  items: readonly unknown[],
  schema: z.ZodMiniType<T>,
  toWrite: (item: T) => Write | undefined,
  pathOf: (index: number) => string,
): Reading {
  const reading: Reading = { received: items.length, writes: [], unreadable: [] }
  for (const [index, item] of items.entries()) {
    const parsed = parse(schema, item)
    if (!parsed.success) {
      reading.unreadable.push(issueText(parsed.error, pathOf(index)))
      continue
    }
    const write = toWrite(parsed.data)
    if (write) reading.writes.push(write)
  }
  return reading
}

/** The changes that writes of one cluster amount to: wanted ones only, coalesced. */
export function changesOf(cluster: string, writes: readonly Write[], triggers: readonly Trigger[]): ChangeEvent[] {
  return coalesce(
    writes
      .map(located)
      .filter(isOutsideSystem)
      .flatMap((write) => changesOfOne(cluster, write, triggers)),
  )
}

function changesOfOne(cluster: string, write: Write, triggers: readonly Trigger[]): ChangeEvent[] {
  const { namespace, name, admitted } = write
  const names = name === '' ? [] : [name]
  return wanted(write, triggers).map(({ kind, of }) => ({
    cluster,
    kind,
    namespace,
    names,
    ...(of && { of }),
    ...(admitted && { admitted }),
  }))
}

/** The API server says of a Namespace that it is in the namespace of its own name; it is cluster-scoped. */
function located(write: Write): Write {
  return write.group === '' && write.plural === 'namespaces' ? { ...write, namespace: '' } : write
}

/** `kube-*` namespaces are refused for offloading, so nothing in them is of interest; leases alone are many. */
function isOutsideSystem({ namespace }: Write): boolean {
  return !namespace.startsWith('kube-')
}

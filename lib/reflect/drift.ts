import type { KubeObject } from '../cluster/port.ts'

/** What differs between the clusters of a peering, as a sweep comes to see it. */
export interface Drift {
  /** Objects that differ though events have had the time to reflect them. */
  found: number
  /** How long the oldest difference has lasted, at most: ms; 0 without one. */
  oldest: number
}

/** Events have so long, ms; what changed later is on its way. */
const GRACE = 60_000

/**
 * One more object that differs.
 * @param age ms since the last change of what differs; undefined: not known
 */
export function withDifference({ found, oldest }: Drift, age: number | undefined): Drift {
  const isDrift = age === undefined || age >= GRACE
  return { found: found + (isDrift ? 1 : 0), oldest: Math.max(oldest, age ?? 0) }
}

/**
 * When the last of these objects was changed, by what they tell of it: epoch ms. Of one that is gone nothing tells, so
 * that a deletion looks as old as what is left.
 */
export function changedAt(objects: readonly KubeObject[]): number | undefined {
  const times = objects
    .flatMap(({ metadata }) => [metadata.creationTimestamp, metadata.deletionTimestamp, ...managedAt(metadata)])
    .map((time) => Date.parse(String(time)))
    .filter((time) => !Number.isNaN(time))
  return times.length === 0 ? undefined : Math.max(...times)
}

function managedAt({ managedFields }: KubeObject['metadata']): unknown[] {
  return Array.isArray(managedFields) ? managedFields.map((entry: { time?: unknown }) => entry?.time) : []
}

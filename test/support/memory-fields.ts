import { copy, equal, isMap, type Json } from './memory-json.ts'

/**
 * Server-side apply of one object, as the API server does it for maps: each manager owns the leaves that it wrote.
 * Lists are atomic here (one leaf): the real server merges some of them by key, which none of our kinds relies on.
 */

/** Leaves by path; a path is its keys joined by NUL, which no JSON key of Kubernetes holds. */
export type FieldSet = ReadonlySet<string>
/** Manager (`name`, or `name/subresource`, with its operation) to the leaves it owns. */
export type Owners = ReadonlyMap<string, FieldSet>

const SEPARATOR = '\0'

/** Leaves of a value: scalars, lists, and maps without members. */
export function leavesOf(value: unknown, path = '', leaves = new Set<string>()): Set<string> {
  if (isMap(value)) {
    const keys = Object.keys(value)
    for (const key of keys) leavesOf(value[key], path === '' ? key : path + SEPARATOR + key, leaves)
    if (keys.length > 0) return leaves
  }
  if (path !== '') leaves.add(path)
  return leaves
}

function valueAt(object: Json, path: string): unknown {
  let value: unknown = object
  for (const key of path.split(SEPARATOR)) {
    if (!isMap(value)) return undefined
    value = value[key]
  }
  return value
}

function setAt(object: Json, path: string, value: unknown): void {
  const keys = path.split(SEPARATOR)
  const last = keys.pop() as string
  let parent = object
  for (const key of keys) {
    if (!isMap(parent[key])) parent[key] = {}
    parent = parent[key] as Json
  }
  parent[last] = value
}

/** Removes a leaf and the maps that it leaves empty, as the API server's omitempty does. */
function removeAt(object: Json, path: string): void {
  const keys = path.split(SEPARATOR)
  const parents: Json[] = [object]
  for (const key of keys.slice(0, -1)) {
    const next = parents.at(-1)?.[key]
    if (!isMap(next)) return
    parents.push(next)
  }
  for (let i = keys.length - 1; i >= 0; i--) {
    const parent = parents[i] as Json
    delete parent[keys[i] as string]
    if (i === 0 || keys[i - 1] === 'metadata' || Object.keys(parent).length > 0) return
  }
}

const overlaps = (a: string, b: string) => a === b || a.startsWith(b + SEPARATOR) || b.startsWith(a + SEPARATOR)

function without(owners: Owners, manager: string, changed: readonly string[]): Map<string, FieldSet> {
  const rest = new Map<string, FieldSet>()
  for (const [other, fields] of owners) {
    if (other === manager) continue
    const kept =
      changed.length === 0 ? fields : new Set([...fields].filter((f) => !changed.some((c) => overlaps(c, f))))
    if (kept.size > 0) rest.set(other, kept)
  }
  return rest
}

const hasMembers = (value: unknown) => isMap(value) && Object.keys(value).length > 0

export interface Merged {
  object: Json
  owners: Owners
}

/** Merges `wanted` into `live` by force: what the manager drops goes, unless somebody else owns it too. */
export function mergeApplied(live: Json, owners: Owners, wanted: Json, manager: string): Merged {
  const object = copy(live)
  const fields = leavesOf(wanted)
  for (const path of owners.get(manager) ?? []) {
    if (fields.has(path)) continue
    let shared = false
    for (const [other, theirs] of owners) shared ||= other !== manager && theirs.has(path)
    // A map that was applied empty and that others have filled is theirs now.
    if (!shared && !hasMembers(valueAt(object, path))) removeAt(object, path)
  }
  const changed: string[] = []
  for (const path of fields) {
    const value = valueAt(wanted, path)
    const present = valueAt(object, path)
    if (equal(present, value) || (isMap(value) && isMap(present))) continue
    setAt(object, path, copy(value))
    changed.push(path)
  }
  const merged = without(owners, manager, changed)
  if (fields.size > 0) merged.set(manager, fields)
  return { object, owners: merged }
}

/** Owners after a replacement (create, PUT) by `manager`: it owns what it changed, and what vanished has no owner. */
export function ownersOfReplaced(live: Json, owners: Owners, next: Json, manager: string): Owners {
  const after = leavesOf(next)
  const changed = [...after].filter((path) => !equal(valueAt(live, path), valueAt(next, path)))
  const gone = [...leavesOf(live)].filter((path) => !after.has(path))
  if (changed.length === 0 && gone.length === 0) return owners
  const result = without(owners, manager, [...changed, ...gone])
  const kept = [...(owners.get(manager) ?? [])].filter((path) => after.has(path))
  const mine = new Set([...kept, ...changed])
  if (mine.size > 0) result.set(manager, mine)
  return result
}

import { type ChangeEvent, MAX_NAMES } from './change.ts'

/**
 * Joins the changes of one (cluster, kind, namespace, query) into as few as possible, in the order of first appearance:
 *
 * | given                                   | left                                                    |
 * | --------------------------------------- | ------------------------------------------------------- |
 * | names a, b and b, c                     | a, b, c, in pieces of `MAX_NAMES`                        |
 * | names a and a whole namespace           | the whole namespace                                      |
 * | admitted a and a (or both without name) | the later one: it knows the later resourceVersion        |
 * | admitted a and a, or a whole namespace  | both: only the admitted one waits for the commit to come |
 */
export function coalesce(changes: readonly ChangeEvent[]): ChangeEvent[] {
  const groups = new Map<string, Group>()
  const admitted = new Map<string, ChangeEvent>()
  for (const change of changes) {
    if (change.admitted) for (const one of perName(change)) admitted.set(keyOf(one, one.names), one)
    else join(groups, change)
  }
  return [...[...groups.values()].flatMap(inPieces), ...admitted.values()]
}

interface Group {
  change: ChangeEvent
  names: Set<string>
  /** Any object of the namespace. */
  whole: boolean
}

function join(groups: Map<string, Group>, change: ChangeEvent): void {
  const group = groups.get(keyOf(change)) ?? { change, names: new Set(), whole: false }
  group.whole ||= change.names.length === 0
  for (const name of change.names) group.names.add(name)
  groups.set(keyOf(change), group)
}

function perName(change: ChangeEvent): ChangeEvent[] {
  return change.names.length <= 1 ? [change] : change.names.map((name) => ({ ...change, names: [name] }))
}

function inPieces({ change, names, whole }: Group): ChangeEvent[] {
  if (whole) return [{ ...change, names: [] }]
  const pieces = Array.from({ length: Math.ceil(names.size / MAX_NAMES) }, (_, piece) => piece * MAX_NAMES)
  const all = [...names]
  return pieces.map((start) => ({ ...change, names: all.slice(start, start + MAX_NAMES) }))
}

function keyOf({ cluster, kind, namespace, of }: ChangeEvent, names: readonly string[] = []): string {
  return JSON.stringify([cluster, kind, namespace, of, ...names])
}

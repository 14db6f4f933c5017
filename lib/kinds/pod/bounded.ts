/** Characters of a text, items of a list and members of a map that are let in from a remote cluster. */
const MAX_TEXT = 4096
const MAX_ITEMS = 256
/** Depth of nesting; the deepest that a pod's status has is about 8. */
const MAX_DEPTH = 16

/** A copy of plain JSON cut to a size that the home cluster can bear, whatever the other one sends. */
export function bounded(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.length > MAX_TEXT ? value.slice(0, MAX_TEXT) : value
  if (typeof value !== 'object' || value === null) return value
  if (depth === MAX_DEPTH) return Array.isArray(value) ? [] : {}
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => bounded(item, depth + 1))
  const members = Object.entries(value).slice(0, MAX_ITEMS)
  return Object.fromEntries(members.map(([key, member]) => [key, bounded(member, depth + 1)]))
}

/** Plain JSON helpers of the in-memory cluster: written out because structuredClone is ten times slower on tiny objects. */
export type Json = Record<string, unknown>

/** A map in the sense of server-side apply: neither list nor scalar. */
export function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Deep copy as a trip over the wire makes it: `undefined` members vanish. */
export function copy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T
  if (!isMap(value)) return value
  const result: Json = {}
  for (const key in value) {
    const member = value[key]
    if (member !== undefined) result[key] = copy(member)
  }
  return result as T
}

/** Deep equality of JSON values; the order of keys does not count. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]))
  if (!isMap(a) || !isMap(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
}

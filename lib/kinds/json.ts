/** Members of objects as the wire has them: of any shape, whatever the API's schema says. */
export type Json = Record<string, unknown>

export function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The map; an empty one where the value is none. */
export function mapOf(value: unknown): Json {
  return isMap(value) ? value : {}
}

/** The maps of a list; none where the value is no list. */
export function mapsOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isMap) : []
}

/** The list with each of its maps put through `change`; any other item, and any other value, as it is. */
export function eachMap(value: unknown, change: (item: Json) => unknown): unknown {
  return Array.isArray(value) ? value.map((item: unknown) => (isMap(item) ? change(item) : item)) : value
}

/**
 * True when everything `desired` says stands in `observed` too. Extra members of observed maps do not count: other
 * writers and the API server's defaults own them. Lists are compared item by item in order and have equal length.
 * A zero value (`""`, 0, false, null, empty list or map) in `desired` agrees with an absent member: the API server
 * does not store those.
 */
export function contains(observed: unknown, desired: unknown): boolean {
  if (isZero(desired) && isZero(observed)) return true
  if (Array.isArray(desired)) {
    return (
      Array.isArray(observed) &&
      observed.length === desired.length &&
      desired.every((item, index) => contains(observed[index], item))
    )
  }
  if (typeof desired !== 'object' || desired === null) return observed === desired
  if (typeof observed !== 'object' || observed === null) return false
  const present = observed as Record<string, unknown>
  return Object.entries(desired).every(([key, value]) => contains(present[key], value))
}

function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

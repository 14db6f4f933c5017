/** A value at a leaf of an event. */
export type Leaf = string | number | boolean | null

/**
 * Which element of which array a leaf lies in: array number -> index. Only arrays whose element is an object or an
 * array count: in `{"a": ["x", "y"]}` both leaves have an empty membership.
 */
export type Membership = ReadonlyMap<number, number>

export interface Field {
  value: Leaf
  membership: Membership
}

const NONE: Membership = new Map()

/**
 * The leaves of an event under the dotted names that a pattern asks for.
 * @param wanted names asked for, and every prefix of them
 */
export function fieldsOf(event: unknown, wanted: ReadonlySet<string>): Map<string, Field[]> {
  const fields = new Map<string, Field[]>()
  let arrays = 0
  const visit = (name: string, value: unknown, membership: Membership) => {
    if (Array.isArray(value)) {
      const array = arrays++
      value.forEach((element, index) => {
        const nested = typeof element === 'object' && element !== null
        visit(name, element, nested ? new Map(membership).set(array, index) : membership)
      })
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, child] of Object.entries(value)) {
        const path = name === '' ? key : `${name}.${key}`
        if (wanted.has(path)) visit(path, child, membership)
      }
    } else {
      const field = { value: value as Leaf, membership }
      const known = fields.get(name)
      if (known) known.push(field)
      else fields.set(name, [field])
    }
  }
  visit('', event, NONE)
  return fields
}

/** Both memberships together; undefined when they name different elements of one array. */
export function merged(a: Membership, b: Membership): Membership | undefined {
  if (b.size === 0) return a
  if (a.size === 0) return b
  for (const [array, index] of b) {
    const known = a.get(array)
    if (known !== undefined && known !== index) return undefined
  }
  return new Map([...a, ...b])
}

import { PatternError, type Refuse } from './error.ts'
import { ABSENT, expression, type Test } from './expression.ts'
import { type Field, fieldsOf, type Membership, merged } from './fields.ts'

/** Does the event match? */
export type Matcher = (event: unknown) => boolean

/** What one dotted name must meet: some test, or its absence. */
interface Condition {
  tests: Test[]
  absent: boolean
}

/** A pattern without `$or`: every name must meet its condition. A later condition for a name replaces an earlier one. */
type Branch = Map<string, Condition>

/** Names that event-ruler keeps for itself inside `$or`. */
const RESERVED = new Set(
  `exactly equals-ignore-case prefix suffix anything-but exists wildcard numeric cidr = < <= > >= regex not-wildcard
   not-equals-ignore-case date-after date-on-or-after date-before date-on-or-before in-date-range ip-address-in-range
   ip-address-not-in-range`.split(/\s+/),
)

/**
 * An EventBridge event pattern as a function, with the verdicts of AWS's own event-ruler (checked against a corpus
 * recorded from it), but for numbers that a double cannot hold.
 *
 * Arrays in events: any element may match; with arrays of objects, all conditions must be met by the same element.
 * @param rule name of the rule, for the error
 * @throws PatternError
 */
export function compilePattern(pattern: unknown, rule: string): Matcher {
  const branches = parseObject([], pattern, [], false, rule).map((branch) =>
    [...branch].sort(([a], [b]) => (a < b ? -1 : 1)),
  )
  const wanted = new Set(branches.flatMap((branch) => branch.flatMap(([name]) => prefixes(name))))
  return (event) => {
    const fields = fieldsOf(event, wanted)
    return branches.some((branch) => meets(branch, 0, fields, new Map()))
  }
}

const prefixes = (name: string) => name.split('.').map((_, i, steps) => steps.slice(0, i + 1).join('.'))

/** Conditions in the order of their names, as there: what a name finds binds the names after it to the same element. */
function meets(branch: [string, Condition][], at: number, fields: Map<string, Field[]>, so: Membership): boolean {
  const [name, { tests, absent }] = branch[at] ?? ['', { tests: [], absent: true }]
  if (at === branch.length) return true
  let there = false
  for (const { value, membership } of fields.get(name) ?? []) {
    const next = merged(so, membership)
    if (!next) continue
    there = true
    if (tests.some((test) => test(value)) && meets(branch, at + 1, fields, next)) return true
  }
  return absent && !there && meets(branch, at + 1, fields, so)
}

function parseObject(branches: Branch[], object: unknown, path: string[], inOr: boolean, rule: string): Branch[] {
  const refuseAt = (steps: string[]): Refuse => {
    return (reason) => {
      throw new PatternError(rule, steps.join('.'), reason)
    }
  }
  if (!isObject(object)) return refuseAt(path)('must be an object')
  const entries = Object.entries(object)
  if (entries.length === 0) refuseAt(path)('empty objects are not allowed')
  let result = branches
  for (const [key, value] of entries) {
    const here = [...path, key]
    if (key === '$or') result = parseOr(result, value, path, rule, refuseAt(here))
    else if (inOr && RESERVED.has(key)) refuseAt(here)('this name is reserved inside $or')
    else if (Array.isArray(value)) {
      const found = condition(value, refuseAt(here))
      result = (result.length > 0 ? result : [new Map()]).map((branch) => new Map(branch).set(here.join('.'), found))
    } else if (isObject(value)) result = parseObject(result, value, here, inOr, rule)
    else refuseAt(here)('must be an object or an array')
  }
  return result
}

function parseOr(branches: Branch[], value: unknown, path: string[], rule: string, refuse: Refuse): Branch[] {
  if (!Array.isArray(value) || value.length < 2) return refuse('$or must be an array of at least two objects')
  return value.flatMap((alternative) => {
    if (!isObject(alternative)) refuse('$or takes objects only')
    return parseObject(branches.length > 0 ? branches : [new Map()], alternative, path, true, rule)
  })
}

function condition(values: unknown[], refuse: Refuse): Condition {
  if (values.length === 0) refuse('empty arrays are not allowed')
  const parsed = values.map((value) => expression(value, refuse))
  return { tests: parsed.filter((test) => test !== ABSENT), absent: parsed.includes(ABSENT) }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

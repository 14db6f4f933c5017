import { addressDigits, block } from './address.ts'
import type { Refuse } from './error.ts'
import type { Leaf } from './fields.ts'
import { numeric } from './numeric.ts'
import { ignoringCase, whole, wildcard } from './text.ts'

/** Does a leaf that is there match? */
export type Test = (value: Leaf) => boolean

/** `{"exists": false}`: matches where there is no leaf. */
export const ABSENT = Symbol('absent')

const onText =
  (test: (text: string) => boolean): Test =>
  (value) =>
    typeof value === 'string' && test(value)

/** One element of a leaf array of a pattern: a value to equal, or an operator. */
export function expression(pattern: unknown, refuse: Refuse): Test | typeof ABSENT {
  if (Array.isArray(pattern)) return refuse('a match value must be a string, number, true, false, null or an operator')
  if (typeof pattern !== 'object' || pattern === null) return exactly(pattern as Leaf)
  const [operator, argument] = only(pattern, refuse)
  const build = OPERATORS.get(operator)
  return build ? build(argument, refuse) : refuse(`unknown operator "${operator}"`)
}

function exactly(wanted: Leaf): Test {
  const address = typeof wanted === 'string' ? addressDigits(wanted) : undefined
  // An address equals every spelling of it.
  return address ? onText((text) => addressDigits(text) === address) : (value) => value === wanted
}

type Build = (argument: unknown, refuse: Refuse) => Test | typeof ABSENT

const OPERATORS = new Map<string, Build>(
  Object.entries({
    exactly: (argument, refuse) => {
      const wanted = text(argument, 'exactly', refuse)
      return (value) => value === wanted
    },
    prefix: (argument, refuse) => {
      if (isObject(argument)) return onText(whole(`${ignoringCase(folded(argument, refuse))}.*`))
      const wanted = text(argument, 'prefix', refuse)
      return onText((value) => value.startsWith(wanted))
    },
    suffix: (argument, refuse) => {
      if (isObject(argument)) return onText(whole(`.*${ignoringCase(folded(argument, refuse))}`))
      const wanted = text(argument, 'suffix', refuse)
      return onText((value) => value.endsWith(wanted))
    },
    'equals-ignore-case': (argument, refuse) =>
      onText(whole(ignoringCase(text(argument, 'equals-ignore-case', refuse)))),
    wildcard: (argument, refuse) => onText(wildcard(text(argument, 'wildcard', refuse), refuse)),
    cidr: (argument, refuse) => onText(block(text(argument, 'cidr', refuse), refuse)),
    numeric: (argument, refuse) => numeric(argument, refuse),
    exists: (argument, refuse) => {
      if (typeof argument !== 'boolean') refuse('exists must be true or false')
      return argument ? () => true : ABSENT
    },
    'anything-but': anythingBut,
  } satisfies Record<string, Build>),
)

/** Operators that anything-but takes, each with one text or a list of them. */
const BUT = new Map<string, (text: string, refuse: Refuse) => Test>(
  Object.entries({
    prefix: (wanted) => onText((value) => value.startsWith(wanted)),
    suffix: (wanted) => onText((value) => value.endsWith(wanted)),
    'equals-ignore-case': (wanted) => onText(whole(ignoringCase(wanted))),
    wildcard: (wanted, refuse) => onText(wildcard(wanted, refuse)),
  } satisfies Record<string, (text: string, refuse: Refuse) => Test>),
)

/** Also true of a leaf of another type than the values named. */
function anythingBut(argument: unknown, refuse: Refuse): Test {
  if (isObject(argument)) {
    const [operator, values] = only(argument, refuse)
    const build = BUT.get(operator)
    if (!build) return refuse(`unknown anything-but operator "${operator}"`)
    const tests = (Array.isArray(values) ? values : [values]).map((value) => {
      const wanted = text(value, `anything-but ${operator}`, refuse)
      if (wanted === '' && /fix$/.test(operator)) refuse(`anything-but ${operator} must not be empty`)
      return build(wanted, refuse)
    })
    return (value) => !tests.some((test) => test(value))
  }
  const values = Array.isArray(argument) ? argument : [argument]
  const type = typeof values[0]
  if (values.some((value) => typeof value !== type) || (type !== 'string' && type !== 'number')) {
    refuse('anything-but takes strings or numbers, not both, nor anything else')
  }
  const unwanted = new Set<unknown>(values)
  return (value) => !unwanted.has(value)
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function only(object: object, refuse: Refuse): [string, unknown] {
  const [entry, ...rest] = Object.entries(object)
  return entry && rest.length === 0 ? entry : refuse('a match expression has exactly one operator')
}

function text(value: unknown, operator: string, refuse: Refuse): string {
  return typeof value === 'string' ? value : refuse(`${operator} must be a string`)
}

/** `{"equals-ignore-case": "text"}` inside prefix and suffix. */
function folded(argument: object, refuse: Refuse): string {
  const [operator, value] = only(argument, refuse)
  return operator === 'equals-ignore-case'
    ? text(value, operator, refuse)
    : refuse(`unsupported operator "${operator}"`)
}

import { block, sameAddress } from './address.ts'
import type { Refuse } from './error.ts'
import type { Leaf } from './fields.ts'
import { numeric } from './numeric.ts'
import { ignoringCase, type TextTest, whole, wildcard } from './text.ts'

/** Does a leaf that is there match? */
export type Test = (value: Leaf) => boolean

/** `{"exists": false}`: matches where there is no leaf. */
export const ABSENT = Symbol('absent')

/** One element of a leaf array of a pattern: a value to equal, or an operator. */
export function expression(pattern: unknown, refuse: Refuse): Test | typeof ABSENT {
  if (Array.isArray(pattern)) return refuse('a match value must be a string, number, true, false, null or an operator')
  if (!isObject(pattern)) return exactly(pattern as Leaf)
  const [operator, argument] = only(pattern, refuse)
  const folding = isObject(argument) ? FOLDING.get(operator) : undefined
  if (folding) return onQuoted(folding(ignoringCase(folded(argument as object, refuse))))
  const texts = TEXTS.get(operator)
  if (texts) return onQuoted(texts(text(argument, operator, refuse), refuse))
  switch (operator) {
    case 'exactly':
      return same(text(argument, operator, refuse))
    case 'cidr':
      return onText(block(text(argument, operator, refuse), refuse))
    case 'numeric':
      return numeric(argument, refuse)
    case 'anything-but':
      return anythingBut(argument, refuse)
    case 'exists':
      if (typeof argument !== 'boolean') refuse('exists must be true or false')
      return argument ? () => true : ABSENT
    default:
      return refuse(`unknown operator "${operator}"`)
  }
}

const onText =
  (test: TextTest): Test =>
  (value) =>
    typeof value === 'string' && test(value)

/** event-ruler sees texts in their quotes, so that `"` is the prefix of an empty text. */
const onQuoted = (test: TextTest): Test => onText((value) => test(`"${value}"`))

const same =
  (wanted: Leaf): Test =>
  (value) =>
    value === wanted

/** An address equals every spelling of it, any other value only itself. */
function exactly(wanted: Leaf): Test {
  const address = typeof wanted === 'string' ? sameAddress(wanted) : undefined
  return address ? onText(address) : same(wanted)
}

/** Operators that take a text; anything-but takes the same ones, with lists too. */
const TEXTS = new Map<string, (wanted: string, refuse: Refuse) => TextTest>([
  ['prefix', (wanted) => (quoted) => quoted.startsWith(`"${wanted}`)],
  ['suffix', (wanted) => (quoted) => quoted.endsWith(`${wanted}"`)],
  ['equals-ignore-case', (wanted) => whole(`"${ignoringCase(wanted)}"`)],
  ['wildcard', (wanted, refuse) => wildcard(`"${wanted}"`, refuse)],
])

/** `{"prefix": {"equals-ignore-case": "text"}}`, from the regular expression for the text. */
const FOLDING = new Map<string, (source: string) => TextTest>([
  ['prefix', (source) => whole(`"${source}.*`)],
  ['suffix', (source) => whole(`.*${source}"`)],
])

/** Also true of a leaf of another type than the values named. */
function anythingBut(argument: unknown, refuse: Refuse): Test {
  if (isObject(argument)) return anythingButText(...only(argument, refuse), refuse)
  const values = Array.isArray(argument) ? argument : [argument]
  const type = typeof values[0]
  if (values.some((value) => typeof value !== type) || (type !== 'string' && type !== 'number')) {
    refuse('anything-but takes strings or numbers, not both, nor anything else')
  }
  const unwanted = new Set<unknown>(values)
  return (value) => !unwanted.has(value)
}

function anythingButText(operator: string, argument: unknown, refuse: Refuse): Test {
  const build = TEXTS.get(operator)
  if (!build) return refuse(`unknown anything-but operator "${operator}"`)
  const values = Array.isArray(argument) ? argument : [argument]
  if (values.length === 0) refuse(`anything-but ${operator} must not be an empty list`)
  const tests = values.map((value) => {
    const wanted = text(value, `anything-but ${operator}`, refuse)
    if (wanted === '' && operator.endsWith('fix')) refuse(`anything-but ${operator} must not be empty`)
    return onQuoted(build(wanted, refuse))
  })
  return (value) => !tests.some((test) => test(value))
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

function folded(argument: object, refuse: Refuse): string {
  const [operator, value] = only(argument, refuse)
  if (operator !== 'equals-ignore-case') refuse(`unsupported operator "${operator}"`)
  return text(value, operator, refuse)
}

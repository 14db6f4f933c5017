import type { Refuse } from './error.ts'
import type { Leaf } from './fields.ts'

type Compare = (value: number, bound: number) => boolean

const COMPARE = new Map<unknown, Compare>(
  Object.entries({
    '=': (value, bound) => value === bound,
    '<': (value, bound) => value < bound,
    '<=': (value, bound) => value <= bound,
    '>': (value, bound) => value > bound,
    '>=': (value, bound) => value >= bound,
  } satisfies Record<string, Compare>),
)

/** `["=", n]`, one bound, or a lower bound followed by an upper one. Texts are never numbers. */
export function numeric(argument: unknown, refuse: Refuse): (value: Leaf) => boolean {
  if (!Array.isArray(argument)) return refuse('numeric must be an array')
  const [operator, bound, upperOperator, upper, ...rest] = argument
  const low = term(operator, bound, refuse)
  if (argument.length === 2) return (value) => typeof value === 'number' && low(value, bound)
  const range = /^>=?$/.test(operator) && /^<=?$/.test(upperOperator)
  if (!range || rest.length > 0) refuse('numeric is one comparison, or > or >= followed by < or <=')
  const high = term(upperOperator, upper, refuse)
  if (bound >= upper) refuse('numeric range: the lower bound must be less than the upper one')
  return (value) => typeof value === 'number' && low(value, bound) && high(value, upper)
}

function term(operator: unknown, bound: unknown, refuse: Refuse): Compare {
  const compare = COMPARE.get(operator)
  if (!compare) return refuse(`unknown numeric operator ${JSON.stringify(operator)}`)
  return typeof bound === 'number' ? compare : refuse(`the value of ${operator} must be a number`)
}

import { isDeepStrictEqual } from 'node:util'
import type { Assertion } from './cases.ts'

/** Stands in an expected value for any non-empty text that only the run itself can know. */
export const ANY_TEXT = '<any text>'

/** Stands in an expected value for a time taken from the clock. */
const NOW = '<now>'

/** Stands for the text of any error on both sides. */
const ERROR = '<error>'

/**
 * What serialisation leaves behind and means nothing: such a member is dropped on both sides.
 * `creationTimestamp: null`, `limits: null`, `status: {"phase": ""}`, `resources: {}`, `lastProbeTime: null`,
 * `startedAt: null`, `finishedAt: null`, `spec: {"containers": null}`.
 */
const ARTEFACTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['creationTimestamp', null],
  ['lastProbeTime', null],
  ['limits', null],
  ['resources', {}],
  ['status', { phase: '' }],
  ['spec', { containers: null }],
  ['startedAt', null],
  ['finishedAt', null],
])

/** Where and how `actual` differs from `expected`, one line each; none when they agree. */
export function differences(expected: unknown, actual: unknown): string[] {
  return [...compare('', normalised(expected), normalised(actual))]
}

/** The value as plain JSON, without artefacts and without the texts of errors. */
function normalised(value: unknown): unknown {
  const plain: unknown = value === undefined ? undefined : clean(JSON.parse(JSON.stringify(value)))
  return Array.isArray(plain) ? plain.map(withoutErrorText) : withoutErrorText(plain)
}

function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clean)
  if (!isMap(value)) return value
  const kept = Object.entries(value).filter(([key, member]) => !isArtefact(key, member))
  return Object.fromEntries(kept.map(([key, member]) => [key, clean(member)]))
}

/** An answer's `error` text is each implementation's own; a crash of Liqo (`panic`) is an error that it did not foresee. */
function withoutErrorText(answer: unknown): unknown {
  if (!isMap(answer) || !(answer.error || answer.panic)) return answer
  const { error: _, panic: __, ...rest } = answer
  return { ...rest, error: ERROR }
}

function isArtefact(key: string, member: unknown): boolean {
  return ARTEFACTS.has(key) && isDeepStrictEqual(ARTEFACTS.get(key), member)
}

function* compare(path: string, expected: unknown, actual: unknown): Generator<string> {
  if (expected === ANY_TEXT ? typeof actual === 'string' && actual !== '' : expected === NOW && isTime(actual)) return
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const length = Math.max(expected.length, actual.length)
    for (let i = 0; i < length; i++) yield* compare(join(path, String(i)), expected[i], actual[i])
  } else if (isMap(expected) && isMap(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)])
    for (const key of keys) yield* compare(join(path, key), expected[key], actual[key])
  } else if (!isDeepStrictEqual(expected, actual)) {
    yield `${path || '(whole)'}: expected ${shown(expected)}, got ${shown(actual)}`
  }
}

/** Which of the asserted facts do not hold for `actual`. */
export function brokenAsserts(asserts: readonly Assertion[], actual: unknown): string[] {
  const plain = normalised(actual)
  return asserts.flatMap((fact) => {
    const value = at(plain, fact.path === '' ? [] : fact.path.split('.'))
    const { path, ...checks } = fact
    return Object.entries(checks)
      .filter(([check, operand]) => !holds(check, operand, value))
      .map(([check, operand]) => `assert ${path || '(whole)'} ${check} ${shown(operand)}: got ${shown(value)}`)
  })
}

function holds(check: string, operand: unknown, value: unknown): boolean {
  switch (check) {
    case 'equals':
      return value === ERROR || differences(operand, value).length === 0
    case 'notEquals':
      return differences(operand, value).length > 0
    case 'absent':
      return (value === undefined) === operand
    case 'length':
      return lengthOf(value) === operand
    case 'matches':
      return new RegExp(String(operand)).test(String(value))
    case 'notMatches':
      return !new RegExp(String(operand)).test(String(value))
    case 'isError':
      return (isMap(value) && 'error' in value) === operand
    default:
      return false
  }
}

function lengthOf(value: unknown): number {
  if (value === undefined || value === null) return 0
  return typeof value === 'object' ? Object.keys(value).length : String(value).length
}

/** Follows a path; a segment may itself hold dots, as label keys do, so longer and longer keys are tried. */
function at(value: unknown, segments: readonly string[]): unknown {
  if (segments.length === 0) return value
  if (typeof value !== 'object' || value === null) return undefined
  const members = value as Record<string, unknown>
  for (let length = 1; length <= segments.length; length++) {
    const key = segments.slice(0, length).join('.')
    if (Object.hasOwn(members, key)) return at(members[key], segments.slice(length))
  }
  return undefined
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/.test(value)
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function join(path: string, segment: string): string {
  return path === '' ? segment : `${path}.${segment}`
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

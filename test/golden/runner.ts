import type { Golden } from './cases.ts'

/** Answers one case with what we make of its input; a throw counts as an answer `{ error }`. */
export type Runner = (given: Golden) => unknown

/** The runners of one kind, by `fn`, or by `fn` and `input.call` where one has many, e.g. `Pure:IsReflected`. */
export type Runners = Readonly<Record<string, Runner>>

/** `input` with members of any type: each runner says what it expects there. */
export function inputOf<T extends object>(given: Golden): Partial<T> {
  return typeof given.input === 'object' && given.input !== null ? (given.input as Partial<T>) : {}
}

/** Name of the behaviour, as runners are keyed. */
export function callOf(given: Golden): string {
  const { call } = inputOf<{ call: string }>(given)
  return call === undefined ? given.fn : `${given.fn}:${call}`
}

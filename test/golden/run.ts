import type { Golden } from './cases.ts'
import { brokenAsserts, differences } from './compare.ts'
import { type Deviation, deviations } from './deviations.ts'
import { callOf, type Runner } from './runner.ts'
import { runners } from './runners.ts'

export interface Result {
  given: Golden
  outcome: 'passed' | 'failed'
  /** One line a difference, of a failure. */
  problems: string[]
  /** Names of the deviations that rewrote what was expected. */
  deviations: string[]
}

/** Runs one case: our answer must agree with what is expected of us, and every asserted fact must hold for it. */
export async function runCase(given: Golden): Promise<Result> {
  const runner = runnerOf(given)
  if (!runner) return failed(given, `nothing answers ${given.kind} ${callOf(given)}: add it to test/golden/runners.ts`)
  const actual = await answer(runner, given)
  try {
    const { expected, used } = deviated(given)
    const problems = [...differences(expected, actual), ...brokenAsserts(given.asserts ?? [], actual)]
    return { given, outcome: problems.length === 0 ? 'passed' : 'failed', problems, deviations: used }
  } catch (error) {
    return failed(given, `the case cannot be judged: ${error}`)
  }
}

function failed(given: Golden, problem: string): Result {
  return { given, outcome: 'failed', problems: [problem], deviations: [] }
}

function runnerOf(given: Golden): Runner | undefined {
  const ofKind = Object.hasOwn(runners, given.kind) ? runners[given.kind] : undefined
  const call = callOf(given)
  return ofKind && Object.hasOwn(ofKind, call) ? ofKind[call] : undefined
}

async function answer(runner: Runner, given: Golden): Promise<unknown> {
  try {
    return await runner(structuredClone(given))
  } catch (error) {
    return { error: String(error) }
  }
}

function deviated(given: Golden): { expected: unknown; used: string[] } {
  const used: Deviation[] = []
  const expected = deviations.reduce((before, deviation) => {
    const after = deviation.rewrite(before, given)
    if (after !== before) used.push(deviation)
    return after
  }, given.expected)
  return { expected, used: used.map(({ name }) => name) }
}

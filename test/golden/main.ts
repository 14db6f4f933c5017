import { fileURLToPath } from 'node:url'
import { CasesError, readCases } from './cases.ts'
import { type Result, runCase } from './run.ts'
import { callOf } from './runner.ts'

/**
 * `npm run golden -- [DIR]`: runs the golden cases of a folder against the code and says how many agree.
 * Exit code 0: all agree; 1: some differ, or nothing answers them; 2: the folder or a line in it cannot be used.
 */

/** Differences shown of one failure. */
const SHOWN = 8

const own = fileURLToPath(new URL('cases', import.meta.url))

async function main(folder = own): Promise<number> {
  const results: Result[] = []
  for (const given of await readCases(folder)) results.push(await runCase(given))
  const [passed, failed] = (['passed', 'failed'] as const).map((outcome) =>
    results.filter((result) => result.outcome === outcome),
  ) as [Result[], Result[]]
  for (const { given, problems } of failed) {
    console.log(`FAILED ${given.id} (${given.kind} ${callOf(given)})`)
    for (const problem of problems.slice(0, SHOWN)) console.log(`  ${problem}`)
    if (problems.length > SHOWN) console.log(`  and ${problems.length - SHOWN} more`)
  }
  printCounts(
    'deviations applied (test/golden/deviations.md)',
    passed.flatMap((result) => result.deviations),
  )
  console.log(`${passed.length} passed, ${failed.length} failed`)
  return failed.length === 0 ? 0 : 1
}

function printCounts(title: string, names: readonly string[]): void {
  if (names.length === 0) return
  console.log(`${title}:`)
  for (const [name, all] of Map.groupBy(names, (name) => name)) console.log(`  ${name}: ${all.length}`)
}

const USAGE = 'usage: npm run golden [-- DIR]\n\n  Runs the golden cases of DIR, those of the repository unless told.'

try {
  const [folder, ...more] = process.argv.slice(2)
  if (folder?.startsWith('-') || more.length > 0) {
    console.error(USAGE)
    process.exitCode = folder === '--help' ? 0 : 2
  } else process.exitCode = await main(folder)
} catch (error) {
  if (!(error instanceof CasesError)) throw error
  console.error(`golden: ${error.message}`)
  process.exitCode = 2
}

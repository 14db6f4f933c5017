import { families } from './families.ts'
import { mutate } from './mutate.ts'
import { decode } from './notation.ts'
import { type Options, parseOptions, USAGE } from './options.ts'
import { replay } from './replay.ts'
import { simulate } from './simulate.ts'

/**
 * `npm run simulate`: the real engine against clusters in memory, in every order that the API calls of small worlds can
 * come in.
 *
 * A world (world.ts, families.ts) is a script of edits for each person, so many functions at a time, and mishaps: events
 * that come twice, late or never, functions killed after a write, answers and halves of lists that are lost. Every step
 * (step.ts) is one API call or one thing that happens; an execution is a sequence of them. What a function does next
 * depends on the answers it got and on nothing else, and what a cluster answers on its content, so both are computed once,
 * by the engine (actor.ts, life.ts) and the memory cluster (scene.ts, past.ts), and then remembered: the exploration
 * (explore.ts) only joins them, visits every state once and still knows how many executions lead through it. Some of those
 * are carried out again without any memory (replay.ts), which must come to the same. What must hold is in properties.ts.
 */
process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(USAGE)
    return 0
  }
  let options: Options
  try {
    options = parseOptions(args)
    refuseUnknown(options)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`)
    return 2
  }
  if (options.mutations) return (await mutate(console.log)) ? 0 : 1
  if (options.replay) return replayOne(options, options.replay)
  const { violations } = await simulate(options, console.log)
  return violations === 0 ? 0 : 1
}

/** @throws TypeError on a family that does not exist: of nothing that is looked at nothing is wrong */
function refuseUnknown({ only, quick, seed }: Options): void {
  if (only.length === 0) return
  const known = families(quick, seed).map(({ name }) => name)
  const unknown = only.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new TypeError(`--only ${unknown.join(', ')}: use one of\n  ${known.join('\n  ')}`)
}

async function replayOne({ quick, seed }: Options, { world: id, choices }: { world: string; choices: string }) {
  const [, family = '', number = ''] = /^(.*)\/(\d+)$/.exec(id) ?? []
  const world = families(quick, seed).find(({ name }) => name === family)?.worlds[Number(number) - 1]
  if (!world) {
    console.error(`there is no world ${id}; was it of --quick, or of another --seed?`)
    return 2
  }
  console.log(world.name)
  const { lines, violation } = await replay(world, await decode(world, choices))
  for (const line of lines) console.log(`  ${line}`)
  console.log(violation ? `${violation.property} violated: ${violation.text}` : 'nothing violated')
  return violation ? 1 : 0
}

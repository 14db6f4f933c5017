import { families } from './families.ts'
import { mutate } from './mutate.ts'
import { decode } from './notation.ts'
import { type Options, parseOptions, USAGE } from './options.ts'
import { replay } from './replay.ts'
import { simulate } from './simulate.ts'

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  let options: Options
  try {
    options = parseOptions(args)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`)
    return 2
  }
  if (options.mutations) return (await mutate(console.log)) ? 0 : 1
  if (options.replay) return replayOne(options, options.replay)
  const { violations } = await simulate(options, console.log)
  return violations === 0 ? 0 : 1
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

import { parseArgs } from 'node:util'

export interface Options {
  /** Less than a minute instead of a few: fewer and smaller worlds. */
  quick: boolean
  /** Ends with the first world that fails. */
  first: boolean
  seed: number
  mutations: boolean
  /** Families to run; all when empty. */
  only: readonly string[]
  replay?: { world: string; choices: string }
}

export const USAGE = `npm run simulate -- [options]
  --quick                    fewer and smaller worlds
  --seed N                   of the worlds and executions drawn at random (default 1)
  --only FAMILY              that family only; may be repeated
  --first                    stop at the first world that fails
  --mutations                remove each guard of the engine in turn; the simulation must notice
  --replay WORLD CHOICES     carry one schedule out, as a failure prints it`

/** @throws TypeError on options that do not exist or make no sense */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      first: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      mutations: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      replay: { type: 'boolean', default: false },
    },
  })
  const { quick, first, mutations, only } = values
  const seed = Number(values.seed)
  if (!Number.isSafeInteger(seed)) throw new TypeError(`--seed takes a whole number, not ${values.seed}`)
  const [world, choices, ...more] = positionals
  if (!values.replay) {
    if (world !== undefined) throw new TypeError(`${world} is no option`)
    return { quick, first, seed, mutations, only }
  }
  if (!world || !choices || more.length > 0) throw new TypeError('--replay takes a world and its choices')
  return { quick, first, seed, mutations, only, replay: { world, choices } }
}

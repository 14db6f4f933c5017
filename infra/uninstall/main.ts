/** `npm run uninstall`: takes Heliograph out of all clusters of the configuration, after telling what that means. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { Reader } from '../../lib/config/reader.ts'
import { type Config, ConfigError, type PeeringConfig, parseConfig } from '../../lib/config.ts'
import { isOurs } from '../../lib/log.ts'
import { connectPeerings } from '../../lib/peerings.ts'
import { isUsageError, readArguments, usageError } from '../arguments.ts'
import { ROOT } from '../local/root.ts'
import { explain } from '../stack/explain.ts'
import { readStage, type Stage } from '../stack/settings.ts'
import { stopFunctions } from '../stack/stop.ts'
import { stepsOf } from './parts.ts'
import { inventoryText, waitingText } from './plan.ts'
import { takeInventory, uninstall } from './uninstall.ts'
import { variablesOf } from './variables.ts'

const USAGE = `usage: npm run uninstall [-- --stage STAGE] [--param settings=FILE] [--peering HOME:REMOTE | --stack] [--yes]

  Shows what there is of Heliograph in the clusters of CLUSTERS and PEERINGS, and changes nothing. Only objects that bear
  our marks count. The clusters are reached with the credentials of the configuration, which need the rights of an
  administrator; those of the environment win over those of the stage.

  --stage STAGE            the variables are in stages/STAGE.yml
  --param settings=FILE    they are in FILE instead
  --peering HOME:REMOTE    only what is left of this peering, which PEERINGS names no more; several by comma
  --stack                  the functions of the stage are stopped before, and its stack goes when the clusters are done
  --yes                    remove it
`

interface Options {
  stage?: Stage | undefined
  /** As given. */
  peering?: string | undefined
  stack: boolean
  yes: boolean
}

async function main(args: string[]): Promise<number> {
  const options = await optionsOf(args)
  if (options === 'help') {
    process.stdout.write(USAGE)
    return 0
  }
  const { stage, peering, stack, yes } = options
  const config = parseConfig(stage ? variablesOf(stage.settings, process.env) : process.env)
  const steps =
    peering === undefined
      ? stepsOf(connectPeerings(config, 'uninstall'))
      : stepsOf(connectPeerings({ ...config, peerings: endedPeerings(config, peering) }, 'uninstall'), config.peerings)
  const before = await takeInventory(steps)
  say(inventoryText(before) || `There is nothing of ${peering ?? 'ours'} in the clusters.`)
  sayIf(waitingText(before))
  for (const line of peering === undefined ? consequencesOf(options) : PEERING_CONSEQUENCES) say(line)
  if (!yes) {
    say('Nothing was changed. With --yes all that is removed.')
    return before.unknown.length === 0 ? 0 : 1
  }
  const functions = stack ? await stopStack(stage!) : undefined
  if (stack) say(functions === undefined ? `There is no stack ${stackOf(stage!)}.` : `${functions} functions stopped`)
  await uninstall(steps, say)
  const after = await takeInventory(steps)
  const left = inventoryText(after)
  sayIf(waitingText(after))
  say(
    left === ''
      ? 'All of it is removed.'
      : `What is left, by functions that still run or by what nobody finishes:\n${left}`,
  )
  const isStackGone = functions === undefined || (await removeStack(stage!))
  return left === '' && isStackGone ? 0 : 1
}

function consequencesOf({ stage, stack }: Options): readonly string[] {
  return [
    stack
      ? `The functions of the stack ${stackOf(stage!)} are stopped before, and the stack goes after that.`
      : 'Functions that still run fail when their rights are gone; those with other rights make all that again: stop them before, or let the stack go with --stack.',
    'Custom resources stay, and NamespaceOffloadings with them: kubectl delete crd NAME removes both.',
  ]
}

const PEERING_CONSEQUENCES = [
  'Clusters of other peerings keep what those need. What joins the networks of the two goes with a sweep.',
  'Functions must not serve the peering any more, or they make all that again: deploy without it before.',
]

/** @throws ConfigError for what is no peering of the clusters; usageError for one that is served */
function endedPeerings({ clusters, peerings }: Config, given: string): PeeringConfig[] {
  const reader = new Reader({ '--peering': given })
  const ids = clusters.map(({ id }) => id)
  const ended = reader.done(reader.peerings('--peering', ids))
  const served = ended.find((one) => peerings.some(({ home, remote }) => home === one.home && remote === one.remote))
  if (served === undefined) return ended
  throw usageError(
    `--peering: PEERINGS has ${served.home}:${served.remote}, and its functions make all of it again; take it out there and deploy first`,
  )
}

async function optionsOf(args: string[]): Promise<Options | 'help'> {
  const flag = { type: 'boolean', default: false } as const
  const text = { type: 'string' } as const
  const { values } = readArguments({
    args,
    options: { stage: text, param: text, peering: text, stack: flag, yes: flag, help: flag },
  })
  if (values.help) return 'help'
  const { stage, param, peering, stack, yes } = values
  if (stack && peering !== undefined) throw usageError('--stack: it serves other peerings; leave it out with --peering')
  if (stage !== undefined) return { stage: await readStage(args), peering, stack, yes }
  if (stack || param !== undefined) throw usageError(`--${stack ? 'stack' : 'param'}: which one? give --stage too`)
  return { peering, stack, yes }
}

const stackOf = ({ stage }: Stage) => `heliograph-${stage}`

/** @returns how many functions it has; undefined where there is no stack */
function stopStack(stage: Stage): Promise<number | undefined> {
  const { region } = stage.settings
  const clients = { cloudformation: new CloudFormationClient({ region }), lambda: new LambdaClient({ region }) }
  return stopFunctions(clients, stackOf(stage))
}

async function removeStack({ stage, file }: Stage): Promise<boolean> {
  const command = [join(ROOT, 'infra', 'stack', 'main.ts'), 'remove', '--stage', stage, '--param', `settings=${file}`]
  const [code] = await once(spawn(process.execPath, command, { cwd: ROOT, stdio: 'inherit' }), 'exit')
  if (code !== 0) say('The stack was not removed. Its functions stay stopped; run this again.')
  return code === 0
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function sayIf(text: string): void {
  if (text !== '') say(text)
}

/** Errors that a person can mend are told without a stack. */
function tellOf(error: Error): string {
  if (isUsageError(error)) return `${error.message}\n\n${USAGE}`
  return error instanceof ConfigError || isOurs(error) ? error.message : explain(error)
}

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${tellOf(error)}\n`)
  return 1
})

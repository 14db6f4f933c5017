/** `npm run uninstall`: takes Heliograph out of all clusters of the configuration, after telling what that means. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { ConfigError, parseConfig } from '../../lib/config.ts'
import { isOurs } from '../../lib/log.ts'
import { connectPeerings } from '../../lib/peerings.ts'
import { isUsageError, readArguments, usageError } from '../arguments.ts'
import { ROOT } from '../local/root.ts'
import { explain } from '../stack/explain.ts'
import { readStage, type Stage } from '../stack/settings.ts'
import { stopFunctions } from '../stack/stop.ts'
import { inventoryText, waitingText } from './plan.ts'
import { takeInventory, uninstall } from './uninstall.ts'
import { variablesOf } from './variables.ts'

const USAGE = `usage: npm run uninstall [-- --stage STAGE] [--param settings=FILE] [--stack] [--yes]

  Shows what there is of Heliograph in the clusters of CLUSTERS and PEERINGS, and changes nothing. Only objects that bear
  our marks count. The clusters are reached with the credentials of the configuration, which need the rights of an
  administrator; those of the environment win over those of the stage.

  --stage STAGE            the variables are in stages/STAGE.yml
  --param settings=FILE    they are in FILE instead
  --stack                  the functions of the stage are stopped before, and its stack goes when the clusters are done
  --yes                    remove it
`

interface Options {
  stage?: Stage | undefined
  stack: boolean
  yes: boolean
}

async function main(args: string[]): Promise<number> {
  const options = await optionsOf(args)
  if (options === 'help') {
    process.stdout.write(USAGE)
    return 0
  }
  const { stage, stack, yes } = options
  const config = parseConfig(stage ? variablesOf(stage.settings, process.env) : process.env)
  const peerings = connectPeerings(config, 'uninstall')
  const before = await takeInventory(peerings)
  say(inventoryText(before) || 'There is nothing of ours in the clusters.')
  sayIf(waitingText(before))
  say(
    stack
      ? `The functions of the stack ${stackOf(stage!)} are stopped before, and the stack goes after that.`
      : 'Functions that still run fail when their rights are gone; those with other rights make all that again: stop them before, or let the stack go with --stack.',
  )
  say('Custom resources stay, and NamespaceOffloadings with them: kubectl delete crd NAME removes both.')
  if (!yes) {
    say('Nothing was changed. With --yes all that is removed.')
    return before.unknown.length === 0 ? 0 : 1
  }
  const functions = stack ? await stopStack(stage!) : undefined
  if (stack) say(functions === undefined ? `There is no stack ${stackOf(stage!)}.` : `${functions} functions stopped`)
  await uninstall(peerings, say)
  const after = await takeInventory(peerings)
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

async function optionsOf(args: string[]): Promise<Options | 'help'> {
  const flag = { type: 'boolean', default: false } as const
  const text = { type: 'string' } as const
  const { values } = readArguments({ args, options: { stage: text, param: text, stack: flag, yes: flag, help: flag } })
  if (values.help) return 'help'
  const { stage, param, stack, yes } = values
  if (stage !== undefined) return { stage: await readStage(args), stack, yes }
  if (stack || param !== undefined) throw usageError(`--${stack ? 'stack' : 'param'}: which one? give --stage too`)
  return { stack, yes }
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

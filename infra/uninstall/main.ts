/** `npm run uninstall`: takes Heliograph out of all clusters of the configuration, after telling what that means. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ConfigError, parseConfig } from '../../lib/config.ts'
import { isOurs } from '../../lib/log.ts'
import { connectPeerings } from '../../lib/peerings.ts'
import { ROOT } from '../local/root.ts'
import { readSettings, SettingsError, settingsFile } from '../stack/settings.ts'
import { inventoryText, waitingText } from './plan.ts'
import { takeInventory, uninstall } from './uninstall.ts'
import { variablesOf } from './variables.ts'

const USAGE = `usage: npm run uninstall [-- --stage STAGE] [--stack] [--yes]

  Shows what there is of Heliograph in the clusters of CLUSTERS and PEERINGS, and changes nothing. Only objects that bear
  our marks count. The clusters are reached with the credentials of the configuration, which need the rights of an
  administrator; those of the environment win over those of the stage.

  --stage STAGE   the variables are in stages/STAGE.yml
  --stack         the stack of the stage goes first: functions that run would make the objects again
  --yes           remove it
`

interface Options {
  stage?: string | undefined
  stack: boolean
  yes: boolean
}

async function main(args: string[]): Promise<number> {
  const options = optionsOf(args)
  if (options === 'help') {
    process.stdout.write(USAGE)
    return 0
  }
  const { stage, stack, yes } = options
  const settings = stage === undefined ? undefined : await readSettings(settingsFile(stage))
  const config = parseConfig(variablesOf(settings?.environment ?? {}, process.env))
  const peerings = connectPeerings(config, 'uninstall')
  const before = await takeInventory(peerings)
  say(inventoryText(before) || 'There is nothing of ours in the clusters.')
  sayIf(waitingText(before))
  say(
    stack
      ? `Before that the stack heliograph-${stage} goes.`
      : 'Functions that still run would make all that again: stop them before, or let the stack go with --stack.',
  )
  say('Custom resources stay, and NamespaceOffloadings with them: kubectl delete crd NAME removes both.')
  if (!yes) {
    say('Nothing was changed. With --yes all that is removed.')
    return before.unknown.length === 0 ? 0 : 1
  }
  if (stack && !(await removeStack(stage!))) return 1
  await uninstall(peerings, say)
  const after = await takeInventory(peerings)
  const left = inventoryText(after)
  sayIf(waitingText(after))
  say(
    left === ''
      ? 'All of it is removed.'
      : `What is left, by functions that still run or by what nobody finishes:\n${left}`,
  )
  return left === '' ? 0 : 1
}

function optionsOf(args: string[]): Options | 'help' {
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({ args, options: { stage: { type: 'string' }, stack: flag, yes: flag, help: flag } })
  if (values.help) return 'help'
  if (values.stack && values.stage === undefined) {
    throw new UsageError('--stack: which one? give --stage too')
  }
  return values
}

class UsageError extends Error {
  override name = 'UsageError'
}

async function removeStack(stage: string): Promise<boolean> {
  const command = [join(ROOT, 'infra', 'stack', 'main.ts'), 'remove', '--stage', stage]
  const [code] = await once(spawn(process.execPath, command, { cwd: ROOT, stdio: 'inherit' }), 'exit')
  if (code !== 0) say('The stack was not removed, and nothing else was.')
  return code === 0
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function sayIf(text: string): void {
  if (text !== '') say(text)
}

/** Errors that a person can mend are told without a stack. */
function explain(error: Error & { code?: string }): string {
  if (error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS')) return `${error.message}\n\n${USAGE}`
  const isTold = error instanceof ConfigError || error instanceof SettingsError || isOurs(error)
  return isTold ? error.message : String(error.stack)
}

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${explain(error)}\n`)
  return 1
})

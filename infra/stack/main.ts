/** `npm run package | deploy | remove`: osls with the functions bundled and the settings of the stage checked before. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { bundleTable } from '../bundle/tables.ts'
import { bundleAll } from '../bundle.ts'
import { ROOT } from '../local/root.ts'
import { explain } from './explain.ts'
import { problemsOf } from './preflight.ts'
import { readStage, SettingsError, shownAs } from './settings.ts'

const USAGE = `usage: npm run package|deploy|remove -- --stage STAGE [--param settings=FILE] [...]

  --stage STAGE            settings are in stages/STAGE.yml; default prod
  --param settings=FILE    settings are in FILE instead
  ...                      any other option of osls, e.g. --verbose or --aws-profile
`

async function main([command = '', ...args]: string[]): Promise<number> {
  if (!['package', 'deploy', 'remove'].includes(command) || args.includes('--help')) {
    process.stderr.write(USAGE)
    return args.includes('--help') ? 0 : 2
  }
  const { stage, file, settings } = await readStage(args)
  if (command !== 'remove') {
    const problems = problemsOf(settings, stage)
    if (problems.length > 0) throw new SettingsError(shownAs(file), problems)
    process.stdout.write(`${bundleTable(await bundleAll())}\n`)
  }
  const osls = join(ROOT, 'node_modules', 'osls', 'bin', 'serverless.js')
  const [code] = await once(spawn(process.execPath, [osls, command, ...args], { cwd: ROOT, stdio: 'inherit' }), 'exit')
  return (code as number | null) ?? 1
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`)
  return 1
})

/** `npm run manifests`: what a cluster needs, for `kubectl apply -f -`, and as files what kubectl does not apply. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isOurs } from '../../lib/log.ts'
import { apiServerFiles } from './api-server.ts'
import { clusterObjects, ManifestError } from './cluster.ts'
import { instructions } from './instructions.ts'
import { type ManifestOptions, readOptions, USAGE } from './options.ts'
import { toYaml } from './yaml.ts'

async function main(args: string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(USAGE)
    return 0
  }
  const options = await readOptions(args, process.env)
  const objects = toYaml(await clusterObjects(options.config, options))
  // First: where they cannot be written, kubectl gets nothing to apply.
  if (options.out !== undefined) await writeFiles(options.out, options)
  process.stdout.write(objects)
  return 0
}

async function writeFiles(out: string, options: ManifestOptions): Promise<void> {
  const { events, webhook, admission, use, token, path } = options
  const isTold = events === 'audit' && webhook && admission
  const files = {
    'README.md': `${instructions(options)}\n`,
    ...(isTold && apiServerFiles({ sides: use.sides, webhook, admission, token, path })),
  }
  try {
    await mkdir(out, { recursive: true, mode: 0o700 })
    for (const [name, text] of Object.entries(files)) await writeFile(join(out, name), text, { mode: 0o600 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ManifestError(`--out: ${out} cannot be written to (${code}); give a folder, which is made if need be`)
  }
  process.stderr.write(`wrote ${Object.keys(files).join(', ')} to ${out}: read README.md next\n`)
}

/** Errors that a person can mend are told without a stack. */
function explain(error: Error): string {
  if (error.name === 'UsageError') return `${error.message}\n\n${USAGE}`
  const told = ['ConfigError', 'SettingsError', 'ManifestError']
  return told.includes(error.name) || isOurs(error) ? error.message : String(error.stack)
}

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${explain(error)}\n`)
  return 1
})

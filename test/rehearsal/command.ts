import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../../infra/local/root.ts'
import { CREDENTIALS } from './clients.ts'

const run = promisify(execFile)

/** A command of the project failed; its own words are in the message. */
export class CommandError extends Error {
  override name = 'CommandError'
}

/**
 * Runs one of the project's commands as a person does who deploys, with nothing of this process's environment and no
 * network but loopback.
 * @param script relative to the project's folder
 * @param endpoint for AWS_ENDPOINT_URL
 * @param more variables of the person's own
 * @returns what it printed
 * @throws CommandError
 */
export async function runCommand(
  script: string,
  args: readonly string[],
  endpoint: string,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { PATH = '', HOME = '' } = process.env
  const env = {
    PATH,
    HOME,
    NODE_OPTIONS: `--require ${join(import.meta.dirname, 'loopback-only.cjs')}`,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    // ms between two looks at a stack that changes.
    SLS_AWS_MONITORING_FREQUENCY: '200',
    ...more,
  }
  try {
    const { stdout, stderr } = await run(process.execPath, [join(ROOT, script), ...args], { cwd: ROOT, env })
    return stdout + stderr
  } catch (cause) {
    const { stdout, stderr } = cause as { stdout?: string; stderr?: string }
    throw new CommandError(`${script} ${args.join(' ')} failed:\n${stdout ?? cause}\n${stderr ?? ''}`, { cause })
  }
}

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const exists = (path: string) => access(path).then(() => true, () => false) // biome-ignore format: one idea

/** Folder for what is fetched or built once: `$HELIOGRAPH_CACHE`, else `heliograph` in the user's cache folder. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  return env.HELIOGRAPH_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'heliograph')
}

/**
 * Path of the genuine runtime client's entry (`aws-lambda-ric/index.mjs`), installed on first use into the cache: two
 * small packages beside this file's lock, none of their install scripts (they would compile a native HTTP client, in
 * whose place `shim.cjs` stands).
 * @param onProgress told in a sentence what takes time; not called when everything is there
 * @throws Error with npm's own words when the install fails
 */
export async function ensureRuntime(
  onProgress: (text: string) => void = () => {},
  cache = cacheDir(),
): Promise<string> {
  const lock = await readFile(join(import.meta.dirname, 'package-lock.json'))
  const home = join(cache, 'runtime', createHash('sha256').update(lock).digest('hex').slice(0, 12))
  const entry = join(home, 'node_modules', 'aws-lambda-ric', 'index.mjs')
  if (await exists(entry)) return entry
  onProgress('installing the Lambda runtime client (once, a few seconds)')
  await mkdir(join(cache, 'runtime'), { recursive: true })
  // Built aside and renamed, so that neither a crash nor a second run leaves or sees half an install.
  const aside = await mkdtemp(join(cache, 'runtime', 'new-'))
  try {
    for (const file of ['package.json', 'package-lock.json']) {
      await copyFile(join(import.meta.dirname, file), join(aside, file))
    }
    await npmCi(aside)
    await rename(aside, home).catch(async (cause) => {
      if (!(await exists(entry))) throw cause
    })
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
  return entry
}

async function npmCi(dir: string): Promise<void> {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  try {
    await run('npm', ['ci', '--prefix', dir, ...flags], { cwd: dir })
  } catch (cause) {
    const { stderr } = cause as { stderr?: string }
    throw new Error(`The Lambda runtime client could not be installed: ${stderr?.trim() || cause}`, { cause })
  }
}

/** The Python tools of the tests, moto and cfn-lint: installed once, into a virtual environment in the cache. */
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { cacheFolder, makeOnce } from '../controlplane/cache.ts'

const run = promisify(execFile)
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt')
const OLDEST = [3, 11] as const

/** Python or its pip is missing, too old, or failed; the message says what can be done. */
export class PythonError extends Error {
  override name = 'PythonError'
}

/**
 * Path of a Python that has the packages of requirements.txt, checked by their hashes. A tool is run as a module:
 * `python -m cfnlint`.
 * @throws PythonError
 */
export async function ensurePython(cache = cacheFolder()): Promise<string> {
  const { command, version } = await findPython()
  const lock = await readFile(REQUIREMENTS)
  const sum = createHash('sha256').update(`${version}\0${process.arch}\0`).update(lock).digest('hex').slice(0, 16)
  const folder = join(cache, 'python', sum)
  const python = join(folder, 'bin', 'python')
  // Written last: without it an install was broken off. It is made in its place, as its scripts name their folder.
  const complete = join(folder, 'complete')
  const packages = lock.toString().match(/^[\w.-]+==/gm)?.length ?? 0
  await makeOnce({
    label: 'Python packages for the tests (installed once)',
    doing: 'installing them',
    folder,
    complete,
    async make(show) {
      await rm(folder, { recursive: true, force: true })
      show('making a virtual environment')
      await makeVenv(command, folder)
      await install(python, packages, show)
      await writeFile(complete, '')
    },
  })
  return python
}

/** The first Python on the PATH that is new enough. @throws PythonError */
export async function findPython(): Promise<{ command: string; version: string }> {
  const found: string[] = []
  for (const command of ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python']) {
    const version = await versionOf(command)
    if (version === undefined) continue
    if (isNewEnough(version)) return { command, version }
    found.push(`${command} is ${version}`)
  }
  const why = found.length > 0 ? found.join(', ') : 'there is none on the PATH'
  throw new PythonError(
    `The checks of the deployment need Python ${OLDEST.join('.')} or newer: ${why}. Install it with venv and pip.`,
  )
}

/** Undefined: there is no such command, or it is none of Python. */
const versionOf = (command: string): Promise<string | undefined> =>
  run(command, ['-c', 'import platform; print(platform.python_version())']).then(
    ({ stdout }) => stdout.trim() || undefined,
    () => undefined,
  )

/** `3.9.18` is not, `3.11.0` and `3.14.0rc1` are. */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
}

async function makeVenv(command: string, folder: string): Promise<void> {
  await run(command, ['-m', 'venv', folder]).catch((cause: { stdout?: string; stderr?: string }) => {
    const said = [cause.stdout, cause.stderr].join('\n').trim()
    const remedy = 'install venv and pip for it (Debian and Ubuntu: apt install python3-venv)'
    throw new PythonError(`${command} cannot make a virtual environment; ${remedy}:\n${said}`, { cause })
  })
}

/** @throws PythonError with the last lines of pip */
function install(python: string, packages: number, show: (state: string) => void): Promise<void> {
  const flags = ['--require-hashes', '--no-input', '--progress-bar=off', '--disable-pip-version-check']
  const child = spawn(python, ['-m', 'pip', 'install', ...flags, '-r', REQUIREMENTS], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const last: string[] = []
  let collected = 0
  const onLine = (line: string) => {
    last.push(line)
    if (last.length > 20) last.shift()
    if (line.startsWith('Collecting ')) show(`downloading ${++collected}/${packages} packages`)
    if (line.startsWith('Installing ')) show(`unpacking ${packages} packages`)
  }
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', onLine)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve()
      else reject(new PythonError(`pip could not install ${REQUIREMENTS} (exit ${code}):\n${last.join('\n')}`))
    })
  })
}

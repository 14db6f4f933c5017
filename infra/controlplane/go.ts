/** The Go toolchain that builds the control plane: found, checked, and run with its progress read from its output. */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Go is missing, too old, or failed; the message says what can be done. */
export class GoError extends Error {
  override name = 'GoError'
}

const waysOut = (version: string) => `Either install Go ${version} or newer (it is on the PATH as \`go\` then), or \
name your own clusters: CLUSTERS=rome,milan with CLUSTER_ROME_KUBECONFIG=… and CLUSTER_MILAN_KUBECONFIG=…. \
Ready-made binaries do too: KUBEBUILDER_ASSETS=<folder with etcd, kube-apiserver and kubectl>.`

export interface GoRun {
  cwd: string
  /** A script that runs go, instead of go itself. */
  script?: string
  /** Called with each line of stderr, where go reports downloads and, with -v, compiled packages. */
  onLine?: (line: string) => void
}

/** Runs go, or a script that does, without cgo and outside any workspace. @returns stdout. @throws GoError with the last lines it printed. */
export const go = (args: readonly string[], { cwd, script, onLine }: GoRun): Promise<string> =>
  new Promise((resolve, reject) => {
    // A larger heap before each garbage collection saves the compiler a tenth of its CPU time.
    const env = { GOGC: '400', ...process.env, CGO_ENABLED: '0', GOWORK: 'off' }
    const child = spawn(script ?? 'go', args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const stdout: Buffer[] = []
    const last: string[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    createInterface({ input: child.stderr }).on('line', (line) => {
      last.push(line)
      if (last.length > 20) last.shift()
      onLine?.(line)
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(stdout).toString())
      else reject(new GoError(`${script ?? `go ${args[0]}`} failed (exit ${code}):\n${last.join('\n')}`))
    })
  })

/** The version of the go command in a module's folder, as `go1.26.8`. @throws GoError when missing or too old. */
export const goVersion = async (cwd: string): Promise<string> => {
  const wanted = /^go (\d+\.\d+(?:\.\d+)?)$/m.exec(await readFile(join(cwd, 'go.mod'), 'utf8'))?.[1] ?? '1.26.0'
  const found = await go(['env', 'GOVERSION'], { cwd }).catch((cause: Error) => {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const why = missing ? 'Go is not installed' : `Go cannot build this module (${cause.message})`
    throw new GoError(`The local control planes are built from source: ${why}. ${waysOut(wanted)}`, { cause })
  })
  const version = found.trim()
  if (isOlder(version, wanted))
    throw new GoError(`The local control planes need Go ${wanted}, this is ${version}. ${waysOut(wanted)}`)
  return version
}

/** `go1.25.3` is older than `1.26.0`; a development version (`devel …`) counts as new. */
export const isOlder = (version: string, wanted: string): boolean => {
  const [have, want] = [numbers(version), numbers(wanted)]
  if (!/^go\d/.test(version)) return false
  for (let i = 0; i < 3; i++) {
    const difference = (have[i] ?? 0) - (want[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

const numbers = (version: string): number[] => (version.match(/\d+/g) ?? []).slice(0, 3).map(Number)

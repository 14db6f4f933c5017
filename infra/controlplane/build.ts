/**
 * Builds the control plane binary from the Go module of this folder, once: into a cache folder named after everything
 * it depends on. Beside the binary lies a link for each of its commands, so that the folder has envtest's layout.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { cacheFolder, makeOnce } from './cache.ts'
import { go, goVersion } from './go.ts'

const source = import.meta.dirname
const inputs = ['go.mod', 'go.sum', 'main.go', 'kwok.go']

/** The programs inside; each is a link to the one binary, which looks at the name it was called by. */
export const commands = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl', 'kwok']

/** What the programs say they are; upstream sets the same by its release scripts. */
const kubernetesVersion = async (): Promise<string> =>
  /^\s*k8s\.io\/kubernetes (v\S+)/m.exec(await readFile(join(source, 'go.mod'), 'utf8'))?.[1] ?? 'v0.0.0'

/** Measured in README.md: without debug information the compiler and linker take a good part less CPU. */
const flags = (version: string): string[] => {
  const [major, minor] = version.slice(1).split('.')
  const stamp = Object.entries({ gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' })
  const variables = stamp.map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
  return ['-trimpath', '-buildvcs=false', '-gcflags=all=-dwarf=false', `-ldflags=-s -w ${variables.join(' ')}`]
}

/** @returns the folder with the programs, built by now. @throws GoError where Go is missing, too old or fails. */
export const build = async (): Promise<string> => {
  const version = await goVersion(source)
  const buildFlags = flags(await kubernetesVersion())
  const folder = join(cacheFolder(), 'controlplane', await hash([version, platform(), arch(), ...buildFlags]))
  await makeOnce({
    label: 'control plane (built once)',
    doing: 'building it',
    folder,
    complete: folder,
    async make(show) {
      const unfinished = `${folder}.${process.pid}`
      try {
        await compile(unfinished, buildFlags, show)
        await rename(unfinished, folder)
      } finally {
        await rm(unfinished, { recursive: true, force: true })
      }
    },
  })
  return folder
}

const compile = async (folder: string, buildFlags: string[], show: (state: string) => void): Promise<void> => {
  await mkdir(folder, { recursive: true })
  show('reading the module')
  let modules = 0
  const downloads = (line: string) => {
    if (line.startsWith('go: downloading ')) show(`downloading modules (${++modules})`)
  }
  const packages = await go(['list', '-deps', '.'], { cwd: source, onLine: downloads })
  const names = new Set(packages.trim().split('\n'))
  let compiled = 0
  show(`compiling ${names.size} packages`)
  const onLine = (line: string) => {
    if (names.has(line) || line.startsWith('runtime')) show(`compiling ${++compiled}/${names.size} packages`)
    if (line === 'heliograph.local/controlplane') show('linking')
  }
  await go(['build', '-v', ...buildFlags, '-o', join(folder, 'controlplane'), '.'], { cwd: source, onLine })
  for (const command of commands) await symlink('controlplane', join(folder, command))
}

const hash = async (settings: string[]): Promise<string> => {
  const sum = createHash('sha256').update(JSON.stringify(settings))
  for (const input of inputs) sum.update(`\0${input}\0`).update(await readFile(join(source, input)))
  return sum.digest('hex').slice(0, 16)
}

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bundle, bundleAll } from '../../infra/bundle.ts'
import { createAuthority } from '../../infra/controlplane/pki.ts'
import { functionConfig } from '../../infra/local/host/functions.ts'
import type { FunctionConfig } from '../../infra/local/runtime/function.ts'
import { ensureRuntime } from '../../infra/local/runtime/install.ts'
import { openSandbox } from '../../infra/local/runtime/sandbox.ts'
import { readOwnService } from '../../infra/local/service/own.ts'
import { median, percentile } from './figures.ts'

/** Every function is started so often, one after the other, in turns. */
const ROUNDS = 40

/** What the functions want to know before they are ready. Nobody is called there. */
const SETTINGS = {
  CLUSTERS: 'rome,milan',
  PEERINGS: 'rome:milan',
  NETWORKING_INTERNAL: 'false',
  CLUSTER_ROME_SERVER: 'https://rome.example:6443',
  CLUSTER_ROME_TOKEN: 'token',
  CLUSTER_ROME_WEBHOOK_TOKEN: 'token',
  CLUSTER_MILAN_SERVER: 'https://milan.example:6443',
  CLUSTER_MILAN_TOKEN: 'token',
}

/** Function whose start is taken apart. */
const PARTED = 'configmap'

interface Start {
  ms: number
  /** On a CPU: what other work on the machine takes part of least. */
  cpuMs: number
}

interface Subject {
  name: string
  /** KB that it loads. */
  kb: string
  config: FunctionConfig
}

/**
 * From the start of the process until the runtime client asks for the first event, as Lambda counts the init phase, with
 * the environment of serverless.yml; of every function, beside a handler that does nothing.
 */
export async function coldstart(): Promise<string[][]> {
  const dir = await mkdtemp(join(tmpdir(), 'heliograph-coldstart-'))
  try {
    const all = await everything(dir)
    const ric = await ensureRuntime()
    const starts = all.map((): Start[] => [])
    for (let round = 0; round < ROUNDS; round++) {
      for (let turn = 0; turn < all.length; turn++) {
        const at = (round + turn) % all.length
        starts[at]!.push(await start(all[at]!.config, ric))
      }
    }
    const [nothing = []] = starts
    const rows = all.map(({ name, kb }, at) => row(name, kb, starts[at]!, nothing))
    return [['cold start', 'KB', 'ms', 'least', 'above nothing: ms', 'least', 'CPU ms'], ...rows]
  } finally {
    await rm(dir, { recursive: true })
  }
}

/** @param nothing starts of the same rounds */
function row(name: string, kb: string, starts: readonly Start[], nothing: readonly Start[]): string[] {
  const least = (each: readonly Start[]) => Math.min(...each.map(({ ms }) => ms))
  const above = (of: (start: Start) => number) => starts.map((one, round) => of(one) - of(nothing[round]!))
  const ms = above((one) => one.ms)
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => percentile(ms, share).toFixed(0))
  return [
    name,
    kb,
    median(starts.map((one) => one.ms)).toFixed(0),
    least(starts).toFixed(0),
    `${middle} (${low}-${high})`,
    (least(starts) - least(nothing)).toFixed(0),
    median(above((one) => one.cpuMs)).toFixed(1),
  ]
}

async function everything(dir: string): Promise<Subject[]> {
  const bundles = await bundleAll({ to: join(dir, 'dist') })
  const { certPem } = await createAuthority('bench')
  const env = { ...SETTINGS, CLUSTER_ROME_KUBELET_CLIENT_CA: certPem }
  const { functions } = await readOwnService(env)
  const subjects = functions.map((fn): Subject => {
    const { start } = bundles.find(({ name }) => name === fn.bundle)!
    const config = functionConfig(fn, 'http://127.0.0.1:1', { bundles, env })
    return { name: fn.name, kb: (start.bytes / 1024).toFixed(0), config }
  })
  const { config } = subjects.find(({ name }) => name === PARTED)!
  const packed = async (name: string, imports: readonly string[]): Promise<Subject> => {
    const folder = join(dir, name)
    await mkdir(folder)
    const lines = imports.map((path) => `import '${path}'\n`)
    await writeFile(join(folder, 'index.mjs'), `${lines.join('')}export const handler = async () => null\n`)
    return { name, kb: '0', config: { ...config, dir: folder } }
  }
  return [
    await packed('nothing', []),
    await packed(`built-in modules of ${PARTED} alone`, await builtinsOf(bundles.find(({ name }) => name === PARTED)!)),
    ...subjects.toSorted((a, b) => a.name.localeCompare(b.name)),
  ]
}

async function builtinsOf({ dir }: Bundle): Promise<string[]> {
  const text = await readFile(join(dir, 'index.mjs'), 'utf8')
  return [...new Set([...text.matchAll(/from"(node:[^"]+)"/g)].map(([, name]) => name!))]
}

async function start(config: FunctionConfig, ric: string): Promise<Start> {
  const begun = performance.now()
  const onLine = (line: string) => process.stderr.write(`${config.name} ${line}\n`)
  const sandbox = await openSandbox(config, ric, { onLine, onIdle() {}, onExit() {} })
  await sandbox.ready
  const ms = performance.now() - begun
  const cpuMs = await cpuTime(sandbox.pid)
  await sandbox.stop()
  return { ms, cpuMs }
}

/** Of the main thread, ms; NaN where the system does not tell. */
async function cpuTime(pid: number): Promise<number> {
  const [nanoseconds = 'NaN'] = (await readFile(`/proc/${pid}/schedstat`, 'latin1').catch(() => 'NaN')).split(' ')
  return Number(nanoseconds) / 1e6
}

/** `npm start`: the functions between two control planes of this machine, or between the user's own clusters. */
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { ConfigError } from '../../lib/config.ts'
import { isUsageError, readArguments, usageError } from '../arguments.ts'
import { kubectlCommand } from '../controlplane/assets.ts'
import { readable } from './lines.ts'
import { PreflightError, startOwn } from './own.ts'
import { ROOT } from './root.ts'
import { applySample, playScenario } from './scenario.ts'
import { type Mode, showcase } from './showcase.ts'
import { type Stage, startStage } from './stage.ts'

const USAGE = `usage: npm start [-- --once] [-- --mode virtual-node|gate] [-- --dir DIR]

  Starts control planes rome and milan and reflects from one into the other until Ctrl-C.
  With CLUSTERS, PEERINGS and CLUSTER_<ID>_KUBECONFIG in the environment: between those instead.

  --once       play the scenario, check it, print a summary, and exit 0 or 1
  --mode MODE  how pods are offloaded: by a virtual node (default), or by scheduling gates, with no node at all
  --dir DIR    where kubeconfigs, logs and dead letters go; emptied if an earlier start made it; default .heliograph
`

const start = performance.now()

function say(text: string): void {
  const seconds = ((performance.now() - start) / 1000).toFixed(2).padStart(7)
  process.stdout.write(`${seconds}s  ${text}\n`)
}

const hooks = {
  onProgress: say,
  onLine(name: string, text: string): void {
    const line = readable(name, text)
    if (line !== undefined) say(line)
  },
}

async function main(): Promise<number> {
  const { once, dir, mode, help } = options()
  if (help) {
    process.stdout.write(USAGE)
    return 0
  }
  if (process.env.CLUSTERS) return own(resolve(ROOT, dir), once)
  const stage = await startStage({ dir: resolve(ROOT, dir), ...showcase(mode), ...hooks })
  try {
    return once ? await play(stage) : await show(stage)
  } finally {
    await stage.stop()
    say('everything is stopped')
  }
}

function options(): { once: boolean; dir: string; mode: Mode; help: boolean } {
  const { values } = readArguments({
    options: {
      once: { type: 'boolean', default: false },
      dir: { type: 'string', default: '.heliograph' },
      mode: { type: 'string', default: 'virtual-node' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { mode } = values
  if (mode === 'virtual-node' || mode === 'gate') return { ...values, mode }
  throw usageError(`--mode ${mode}: use virtual-node or gate`)
}

async function play(stage: Stage): Promise<number> {
  const checks = await playScenario(stage, ({ name, ok, ms, why }) => {
    say(`${ok ? 'ok    ' : 'FAILED'}     ${name} (${ms} ms)${why ? `: ${why}` : ''}`)
  })
  const letters = await stage.host.deadLetters.list()
  const failed = checks.filter(({ ok }) => !ok).length
  const total = Object.values(stage.host.stats().functions).reduce((sum, { invocations }) => sum + invocations, 0)
  say(`${total} invocations, ${letters.length} dead letters`)
  say(`${checks.length - failed} passed, ${failed} failed`)
  return failed > 0 || letters.length > 0 ? 1 : 0
}

async function show(stage: Stage): Promise<number> {
  const bin = join(stage.dir, 'bin')
  await mkdir(bin, { recursive: true })
  const [program, prefix] = await kubectlCommand()
  const command = [program, ...prefix].map((word) => `'${word}'`).join(' ')
  await writeFile(
    join(bin, 'kubectl'),
    `#!/bin/sh\nexec ${command} --cache-dir '${join(stage.dir, 'kubectl-cache')}' "$@"\n`,
    { mode: 0o755 },
  )
  for (const [id, { kubectl }] of Object.entries(stage.clusters)) {
    const config = await kubectl(['config', 'view', '--raw', '--flatten'])
    await writeFile(join(stage.dir, `${id}.kubeconfig`), config, { mode: 0o600 })
  }
  await applySample(stage)
  const at = relative(ROOT, stage.dir) || '.'
  // Without a virtual node there is no kubelet to ask.
  const hasNode = stage.env.OFFLOADING_MODE !== 'gate'
  const logs = hasNode ? `  kubectl --kubeconfig ${at}/rome.kubeconfig -n shop logs deployment/web\n` : ''
  process.stdout.write(`
Namespace shop of rome is reflected into milan as shop-rome, and its pods run there. In another terminal:

  export PATH="$PWD/${at}/bin:$PATH"
  kubectl --kubeconfig ${at}/milan.kubeconfig -n shop-rome get configmaps,secrets,services
  kubectl --kubeconfig ${at}/rome.kubeconfig -n shop get pods -o wide
  kubectl --kubeconfig ${at}/milan.kubeconfig -n shop-rome get pods -o wide
${logs}  kubectl --kubeconfig ${at}/rome.kubeconfig -n shop create configmap hello --from-literal=to=milan
  kubectl --kubeconfig ${at}/milan.kubeconfig -n shop-rome get configmap hello -o yaml
  kubectl --kubeconfig ${at}/rome.kubeconfig get nsof --all-namespaces

Each reflection is printed as it happens; a sweep runs every 15 minutes. Ctrl-C stops everything.

`)
  return interrupted()
}

async function own(dir: string, isOnce: boolean): Promise<number> {
  const { host, config, stop } = await startOwn(process.env, { dir, ...hooks })
  try {
    if (isOnce) {
      const { functionError, payload } = await host.invoke('sweep', {})
      if (functionError) say(`the sweep failed: ${payload}`)
      return functionError ? 1 : 0
    }
    const pairs = config.peerings.map(({ home, remote }) => `${home} into ${remote}`).join(', ')
    say(`${pairs}: a sweep runs every minute; Ctrl-C stops the functions`)
    void host.invoke('sweep', {})
    return await interrupted()
  } finally {
    await stop()
  }
}

async function interrupted(): Promise<number> {
  // The timer keeps the process: child processes and servers do not all.
  const keep = setInterval(() => {}, 60_000)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  clearInterval(keep)
  say('stopping')
  return 0
}

/** Errors that a person can mend are told without a stack. */
function explain(error: unknown): string {
  if (isUsageError(error)) return `${(error as Error).message}\n\n${USAGE}`
  const isTold = error instanceof ConfigError || error instanceof PreflightError || isUserError(error)
  return isTold ? (error as Error).message : String((error as Error)?.stack ?? error)
}

function isUserError(error: unknown): boolean {
  const { name } = error as { name?: string }
  const named = [
    'CredentialsError',
    'GoError',
    'AssetsError',
    'ComponentError',
    'TimeoutError',
    'KubectlError',
    'FolderError',
  ]
  return named.includes(name ?? '')
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`)
  return 1
})

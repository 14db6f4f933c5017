/** `build` prepares the programs, `up NAME…` runs clusters until Ctrl-C, `kubectl ARG…` is a kubectl to use with them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isUsageError, readArguments, usageError } from '../arguments.ts'
import { findAssets, kubectlCommand } from './assets.ts'
import { type Cluster, startCluster } from './cluster.ts'

const usage = `usage: node infra/controlplane/main.ts COMMAND

  build                            build the programs, or find them, and print their folder
  up [--nodes N] [--dir DIR] NAME… start clusters and print their kubeconfigs; Ctrl-C stops them
                                   (--nodes: fake nodes in each; --dir: keep their data there)
  kubectl ARG…                     run kubectl
`

const commands: Record<string, (args: string[]) => Promise<number>> = {
  build: async () => {
    const { folder, missing } = await findAssets()
    process.stdout.write(`${folder}\n`)
    if (missing.length > 0) process.stderr.write(`missing, and left out: ${missing.join(', ')}\n`)
    return 0
  },

  up: async (args) => {
    const options = { nodes: { type: 'string', default: '0' }, dir: { type: 'string' } } as const
    const { values, positionals: names } = readArguments({ args, options, allowPositionals: true })
    if (names.length === 0) return help()
    const nodes = Number(values.nodes)
    if (!Number.isSafeInteger(nodes) || nodes < 0) throw usageError(`--nodes ${values.nodes}: use a whole number`)
    const dir = values.dir ?? (await mkdtemp(join(tmpdir(), 'heliograph-')))
    const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
    await findAssets()
    const starts = names.map((name) => startCluster({ name, dir: join(dir, name), nodes }))
    const results = await Promise.allSettled(starts)
    const clusters = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    try {
      for (const result of results) if (result.status === 'rejected') throw result.reason
      for (const cluster of clusters) process.stdout.write(describe(cluster))
      process.stdout.write('Ctrl-C stops them.\n')
      // A timer keeps the process: the clusters' processes do not.
      const keep = setInterval(() => {}, 60_000)
      await interrupted
      clearInterval(keep)
    } finally {
      await Promise.all(clusters.map((cluster) => cluster.stop()))
      if (!values.dir) await rm(dir, { recursive: true, force: true })
    }
    return 0
  },

  kubectl: async (args) => {
    const [command, leading] = await kubectlCommand()
    const [code] = await once(spawn(command, [...leading, ...args], { stdio: 'inherit' }), 'exit')
    return code ?? 1
  },
}

const describe = ({ name, server, kubeconfig, missing }: Cluster): string =>
  `${name}  ${server}  export KUBECONFIG=${kubeconfig}${missing.length ? `  (without ${missing.join(', ')})` : ''}\n`

const help = async (): Promise<number> => {
  process.stderr.write(usage)
  return 2
}

const [command = '', ...rest] = process.argv.slice(2)
process.exitCode = await (commands[command] ?? help)(rest).catch((error: Error) => {
  process.stderr.write(isUsageError(error) ? `${error.message}\n\n${usage}` : `${error.name}: ${error.message}\n`)
  return 1
})

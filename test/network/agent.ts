/** The agent as a container would run it: root with CAP_NET_ADMIN alone, its file system and /proc/sys read-only. */
import { once } from 'node:events'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Api } from './api.ts'
import type { Space } from './space.ts'

export interface Agent {
  readonly pid: number
  /** What it has logged, this one alone. */
  readonly lines: readonly string[]
  /** Whether it says that it is ready; else why not. */
  ready(): Promise<true | string>
  /** Ends it and waits until it has. @throws when it does not heed SIGTERM in its grace; it is killed then, as by a kubelet */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

export interface AgentOptions {
  /** Path of the program. */
  program: string
  mode: 'gateway' | 'route'
  /** Where it runs: a Pod, or a node. */
  space: Space
  /** POD_IP or NODE_NAME, and whatever else its Pod has. */
  env: Readonly<Record<string, string>>
  api: Api
  /** Its ServiceAccount. */
  account: string
  /** A folder for what it takes. */
  dir: string
}

/** terminationGracePeriodSeconds, in ms, where a Pod's manifest does not say. */
const GRACE = 30_000

/** The volumes of the Pod in a mount namespace of its own (`ip netns exec` makes one), then the agent in this process. */
const SCRIPT = `
mount -t tmpfs tmpfs /var/run
mkdir -p /var/run/secrets/kubernetes.io /var/run/wireguard
cp -r "$1" /var/run/secrets/kubernetes.io/serviceaccount
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount -o remount,bind,ro /
exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,+net_admin "$2" "$3"
`

export async function startAgent({ program, mode, space, env, api, account, dir }: AgentOptions): Promise<Agent> {
  const [port, files] = await Promise.all([api.reach(space), api.account(account)])
  const folder = await mkdtemp(join(dir, `${mode}-`))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 })
  const settings = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(port), ...env }
  const assignments = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  const child = space.start('env', ...assignments, 'sh', '-ec', SCRIPT, 'sh', folder, program, mode)
  const lines: string[] = []
  createInterface({ input: child.stderr! }).on('line', (line) => lines.push(line))
  return {
    pid: child.pid!,
    lines,
    async ready() {
      const { code, stderr } = await space.try(program, 'ready', mode)
      return code === 0 || stderr.trim()
    },
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return
      const over = once(child, 'exit')
      child.kill(signal)
      const late = setTimeout(() => child.kill('SIGKILL'), GRACE)
      const [, by] = await over
      clearTimeout(late)
      if (by !== null && by !== signal) throw new Error(`${mode} did not end in ${GRACE} ms:\n${lines.join('\n')}`)
    },
  }
}

/** Its effective capabilities, e.g. `0000000000001000` for CAP_NET_ADMIN alone. */
export async function capabilitiesOf({ pid }: Agent): Promise<string> {
  return /^CapEff:\s*(\w+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]!
}

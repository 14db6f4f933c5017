/** What the tests of the internal network need of the machine, installed where that is possible. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { platform } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder } from '../../infra/controlplane/cache.ts'
import { withLock } from '../../infra/controlplane/lock.ts'
import { startProgress } from '../../infra/controlplane/progress.ts'

const run = promisify(execFile)

/** Command -> package of Debian and Ubuntu. */
const PACKAGES = {
  ip: 'iproute2',
  nft: 'nftables',
  ping: 'iputils-ping',
  tcpdump: 'tcpdump',
  conntrack: 'conntrack',
  setpriv: 'util-linux',
} as const

/** Why the tests cannot run here, e.g. `network namespaces need root`; undefined when they can. */
export async function findHindrance(): Promise<string | undefined> {
  if (platform() !== 'linux') return 'network namespaces need Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const problem = await install()
  if (problem) return problem
  if (!existsSync('/dev/net/tun')) return '/dev/net/tun is missing (modprobe tun)'
  return tryNamespace()
}

async function install(): Promise<string | undefined> {
  const missing = missingPackages()
  if (missing.length === 0) return undefined
  const progress = startProgress(`packages for the network tests: ${missing.join(', ')}`)
  try {
    // Several test runs at once would meet the lock of dpkg.
    await withLock(
      join(cacheFolder(), 'apt.lock'),
      () => progress.show('waiting for another process'),
      async () => {
        const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
        progress.show('reading package lists')
        await run('apt-get', ['update', '-q'], { env })
        progress.show('installing')
        await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...missing], { env })
      },
    )
    progress.done('installed')
  } catch (error) {
    progress.done('failed')
    const [line] = String((error as { stderr?: string }).stderr || error).split('\n')
    return `install ${missing.join(', ')} (apt-get did not: ${line})`
  }
  const still = missingPackages()
  return still.length > 0 ? `install ${still.join(', ')}` : undefined
}

function missingPackages(): string[] {
  return Object.entries(PACKAGES).flatMap(([command, name]) => (isOnPath(command) ? [] : [name]))
}

function isOnPath(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)))
}

/** Makes a namespace, and in it each kind of device and a NAT rule; a container may be root and still be refused. */
async function tryNamespace(): Promise<string | undefined> {
  const name = `hg-try-${process.pid}`
  const inside = (...command: string[]) => run('ip', ['netns', 'exec', name, ...command])
  try {
    await run('ip', ['netns', 'add', name])
    await inside('ip', 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    await inside('ip', 'link', 'add', 'b0', 'type', 'bridge')
    await inside('ip', 'link', 'add', 'x0', 'type', 'vxlan', 'id', '1', 'dstport', '4879')
    await inside('ip', 'tuntap', 'add', 't0', 'mode', 'tun')
    await inside('nft', 'add table ip t; add chain ip t c { type nat hook postrouting priority 100; }')
    return undefined
  } catch (error) {
    return `network namespaces are not permitted here: ${String((error as Error).message)
      .split('\n')
      .join(' ')
      .trim()}`
  } finally {
    await run('ip', ['netns', 'del', name]).catch(() => {})
  }
}

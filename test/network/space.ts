/** Network namespaces of one run: named after its process, so that the leftovers of one that has vanished are known. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Result {
  code: number
  stdout: string
  stderr: string
}

/** A machine, or a Pod, of the test's network. */
export interface Space {
  readonly name: string
  /** Runs a command in it, whatever its code. */
  try(...command: string[]): Promise<Result>
  /** @returns stdout @throws when the code is not 0 */
  run(...command: string[]): Promise<string>
  /** Lines for `ip -batch`. */
  ip(...lines: string[]): Promise<string>
  nft(text: string): Promise<string>
  /** A process that goes on; it ends with the network at the latest. */
  start(...command: string[]): ChildProcess
  /** Settings below /proc/sys/net/ipv4, e.g. `{ 'conf/all/rp_filter': 1 }`. */
  sysctl(settings: Readonly<Record<string, number>>): Promise<void>
}

export interface Net {
  space(name: string): Promise<Space>
  /** Connects two by a cable; each end is up. */
  cable(a: Space, deviceA: string, b: Space, deviceB: string): Promise<void>
  /** Removes a namespace and ends what runs in it. */
  remove(space: Space): Promise<void>
  /** What names mean in a namespace, by address: /etc/hosts of what is started there from the first call on. */
  hosts(space: Space, names: Readonly<Record<string, string>>): Promise<void>
  stop(): Promise<void>
}

const PREFIX = 'hg-net-'
/** Files in a folder of a namespace's name here stand for those in /etc, in what `ip netns exec` starts. */
const CONFIGURATION = '/etc/netns'

export async function startNet(): Promise<Net> {
  await removeLeftovers()
  const own = `${PREFIX}${process.pid}-`
  const spaces = new Set<Space>()
  const remove = async (space: Space) => {
    spaces.delete(space)
    await removeNamespace(`${own}${space.name}`)
  }
  return {
    async space(name) {
      const full = `${own}${name}`
      await execute('ip', ['netns', 'add', full])
      const space = spaceOf(name, full)
      spaces.add(space)
      await space.ip('link set lo up')
      return space
    },
    async cable(a, deviceA, b, deviceB) {
      const [one, other] = [a, b].map(({ name }) => `${own}${name}`)
      await execute('ip', [
        ...`link add ${deviceA} netns ${one} type veth peer name ${deviceB} netns ${other}`.split(' '),
      ])
      await a.ip(`link set ${deviceA} up`)
      await b.ip(`link set ${deviceB} up`)
    },
    async hosts({ name }, names) {
      const folder = join(CONFIGURATION, `${own}${name}`)
      await mkdir(folder, { recursive: true })
      const lines = Object.entries(names).map(([address, host]) => `${address} ${host}\n`)
      // In place: the file of that moment is what a process sees.
      await writeFile(join(folder, 'hosts'), ['127.0.0.1 localhost\n', ...lines].join(''))
    },
    remove,
    async stop() {
      await Promise.all([...spaces].map(remove))
    },
  }
}

function spaceOf(name: string, full: string): Space {
  const inside = (command: readonly string[]) => ['netns', 'exec', full, ...command]
  return {
    name,
    try: (...command) => attempt('ip', inside(command)),
    run: (...command) => execute('ip', inside(command)),
    ip: (...lines) => execute('ip', ['-n', full, '-batch', '-'], lines.join('\n')),
    nft: (text) => execute('ip', inside(['nft', '-f', '-']), text),
    start: (...command) => spawn('ip', inside(command), { stdio: ['pipe', 'pipe', 'pipe'] }),
    async sysctl(settings) {
      const lines = Object.entries(settings).map(([key, value]) => `echo ${value} > /proc/sys/net/ipv4/${key}`)
      await execute('ip', inside(['sh', '-ec', lines.join('\n')]))
    },
  }
}

async function removeLeftovers(): Promise<void> {
  const names = await readdir('/run/netns').catch(() => [])
  for (const name of names) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1])
    if (pid > 0 && !(await isAlive(pid))) await removeNamespace(name)
  }
}

const isAlive = (pid: number): Promise<boolean> =>
  readlink(`/proc/${pid}/exe`).then(
    () => true,
    () => false,
  )

/** A namespace lives on in its processes, so they end first. */
async function removeNamespace(name: string): Promise<void> {
  const { stdout } = await attempt('ip', ['netns', 'pids', name])
  for (const pid of stdout.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
  await attempt('ip', ['netns', 'del', name])
  await rm(join(CONFIGURATION, name), { recursive: true, force: true })
}

async function execute(command: string, args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await attempt(command, args, input)
  if (code === 0) return stdout
  throw new Error(`${command} ${args.join(' ')} exited with ${code}: ${stderr.trim()}${input ? `\n${input}` : ''}`)
}

const attempt = (command: string, args: readonly string[], input?: string): Promise<Result> =>
  new Promise((resolve) => {
    const child = execFile(command, args, { maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0
      resolve({ code, stdout, stderr })
    })
    child.stdin?.end(input)
  })

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startComponent, until } from '../../infra/controlplane/component.ts'
import { startGuard } from '../../infra/controlplane/guard.ts'
import { freePort } from '../../infra/controlplane/ports.ts'
import { ensurePython } from '../../infra/python/venv.ts'

/** AWS's APIs on loopback. */
export interface Moto {
  /** For AWS_ENDPOINT_URL. */
  url: string
  /** The last lines of its log, without calls that succeeded. */
  complaints(): Promise<string>
  stop(): Promise<void>
}

const READY_MS = 120_000
const GRACE_MS = 2000

/**
 * Starts moto with what it lacks (the folder `aws`). It ends with this process at the latest.
 * @param dir receives its log
 * @param lambdaUrl where functions are invoked
 * @throws PythonError, ComponentError
 */
export async function startMoto(dir: string, lambdaUrl: string): Promise<Moto> {
  const command = await ensurePython()
  const guard = await startGuard()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const component = await startComponent({
    name: 'moto',
    command,
    // No folders of compiled code in the tree.
    args: ['-B', '-m', 'aws.server', lambdaUrl, '--port', String(port)],
    cwd: import.meta.dirname,
    log: join(dir, 'moto.log'),
    guard,
  })
  const stop = async () => {
    await component.stop(GRACE_MS)
    await guard.close()
  }
  const check = async () => (await fetch(`${url}/moto-api/`)).ok
  await until({ component, what: 'moto', timeoutMs: READY_MS, check }).catch(async (error) => {
    await stop()
    throw error
  })
  return { url, complaints: () => complaintsIn(component.log), stop }
}

const LINES = 40

async function complaintsIn(log: string): Promise<string> {
  const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => !/ HTTP\/1\.1" [23]\d\d -$/.test(line))
  return lines.slice(-LINES).join('\n')
}

import { type FunctionOptions, functionConfig } from '../../infra/local/host/functions.ts'
import type { Invocation } from '../../infra/local/runtime/outcome.ts'
import { createPool, type Pool, type PoolStats } from '../../infra/local/runtime/pool.ts'
import type { OnStream } from '../../infra/local/runtime/stream.ts'
import { type Clients, clientsOf, keysOfRole } from './clients.ts'
import type { Deployed, DeployedFunction } from './deployed.ts'

export interface FunctionsOptions {
  /** Path of the runtime client. */
  ric: string
  /** The packages as they are deployed. */
  packages: FunctionOptions['bundles']
  /** Where AWS is. */
  url: string
  clients: Clients
  onLine(name: string, line: string): void
}

/** The functions that are deployed, each run with the credentials of its role. */
export interface Functions {
  /** Takes what is deployed now; a function that has changed gets new sandboxes. */
  take(deployed: Deployed): Promise<void>
  /** @throws ThrottledError */
  invoke(name: string, payload: string, onStream?: OnStream): Promise<Invocation>
  /** As it is deployed. @throws Error when it is not */
  describe(name: string): DeployedFunction
  /** Clients that may do what the function may. */
  clientsOf(name: string): Promise<Clients>
  /** Since its last change. */
  stats(name: string): PoolStats
  stop(): Promise<void>
}

/** An idle sandbox ends sooner than on AWS: there are many functions, and some memory. */
const IDLE_MS = 20_000

export function createFunctions({ ric, packages, url, clients, onLine }: FunctionsOptions): Functions {
  const running = new Map<string, { fn: DeployedFunction; pool: Pool }>()
  const pools: Pool[] = []

  const start = async (fn: DeployedFunction) => {
    const { accessKeyId, secretAccessKey, sessionToken } = await keysOfRole(clients, fn.role)
    const env = {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    }
    const config = functionConfig(fn, url, { bundles: packages, env, idle: IDLE_MS })
    const pool = createPool(config, ric, (line) => onLine(fn.name, line))
    running.set(fn.name, { fn, pool })
    // Those of before end what they have begun.
    pools.push(pool)
  }
  const find = (name: string) => {
    const found = running.get(name)
    if (!found) throw new Error(`Function not found: ${name}`)
    return found
  }
  return {
    async take(deployed) {
      for (const fn of deployed.functions) {
        if (JSON.stringify(fn) !== JSON.stringify(running.get(fn.name)?.fn)) await start(fn)
      }
    },
    invoke: async (name, payload, onStream) => find(name).pool.invoke(payload, onStream),
    describe: (name) => find(name).fn,
    async clientsOf(name) {
      const { role, arn } = find(name).fn
      return clientsOf(url, arn.split(':')[3] ?? '', await keysOfRole(clients, role))
    },
    stats: (name) => find(name).pool.stats(),
    async stop() {
      await Promise.all(pools.map((pool) => pool.stop()))
    },
  }
}

import type { Bundle } from '../../bundle.ts'
import type { FunctionConfig } from '../runtime/function.ts'
import type { ServiceFunction } from '../service/read.ts'

const SANDBOXES = 2
/** A stream takes its sandbox for as long as its reader likes. */
const STREAMING_SANDBOXES = 10
const INIT_TIMEOUT = 30_000
const IDLE = 600_000

export interface FunctionOptions {
  bundles: readonly Pick<Bundle, 'name' | 'dir'>[]
  env?: Record<string, string>
  envOf?: Record<string, Record<string, string>>
  concurrency?: number | Record<string, number>
  idle?: number
}

/**
 * A function of serverless.yml as the runtime takes it.
 * @param eventsUrl where its SDK finds EventBridge
 * @throws Error when there is no bundle of it
 */
export function functionConfig(fn: ServiceFunction, eventsUrl: string, options: FunctionOptions): FunctionConfig {
  const { bundles, env, envOf, concurrency = {}, idle = IDLE } = options
  const bundle = bundles.find(({ name }) => name === fn.bundle)
  if (!bundle)
    throw new Error(`serverless.yml declares the function ${fn.name}, but functions/${fn.bundle}.ts is not there`)
  const usual = fn.streams ? STREAMING_SANDBOXES : SANDBOXES
  const most = typeof concurrency === 'number' ? concurrency : (concurrency[fn.name] ?? usual)
  return {
    name: fn.name,
    arn: fn.arn,
    dir: bundle.dir,
    handler: fn.handler,
    memory: fn.memory,
    timeout: fn.timeout,
    initTimeout: INIT_TIMEOUT,
    sandboxes: most,
    ...(fn.reservedConcurrency !== undefined && { reserved: fn.reservedConcurrency }),
    idle,
    environment: { AWS_ENDPOINT_URL: eventsUrl, ...fn.environment, ...env, ...envOf?.[fn.name] },
  }
}

import { randomUUID } from 'node:crypto'
import type { FunctionConfig } from './function.ts'

/** Of the host's own environment only what programs need that a kubeconfig may start (credential plugins). */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']

/**
 * The environment of a sandbox: Lambda's reserved variables, then the function's own. Nothing else leaks in from the
 * host, so that a missing variable is missing here as it would be there.
 * @param address `host:port` of the sandbox's Runtime API
 */
export function sandboxEnv(fn: FunctionConfig, address: string): NodeJS.ProcessEnv {
  const inherited = INHERITED.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))
  const [, , , region, , , name] = fn.arn.split(':')
  return {
    ...Object.fromEntries(inherited),
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    ...fn.environment,
    AWS_LAMBDA_RUNTIME_API: address,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memory),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `local/[$LATEST]${randomUUID().replaceAll('-', '')}`,
    LAMBDA_TASK_ROOT: fn.dir,
    _HANDLER: fn.handler,
  }
}

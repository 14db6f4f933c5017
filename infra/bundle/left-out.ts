import { dirname } from 'node:path'
import type { Plugin } from 'esbuild'

/** The SDK's search for credentials: environment, profiles, SSO, processes, web identity, containers, instances. */
const CREDENTIALS = /^@aws-sdk\/credential-provider-node$/

/** What the SDK's protocols need for operations that stream; `import()`ed by them. */
const EVENT_STREAMS = /^@smithy\/core\/event-streams$/

/**
 * Parts of the AWS SDK that a function cannot use: half of a client, 150 KB.
 *
 * - On Lambda, and on the local host, credentials come in environment variables, and from nowhere else.
 * - Neither PutEvents nor SendMessageBatch has an event stream.
 */
export const leftOut: Plugin = {
  name: 'left-out',
  setup(build) {
    build.onResolve({ filter: CREDENTIALS }, async ({ path, kind, resolveDir, pluginData }) => {
      if (pluginData === leftOut) return undefined
      const found = await build.resolve(path, { kind, resolveDir, pluginData: leftOut })
      return { path, namespace: 'environment', sideEffects: false, pluginData: dirname(found.path) }
    })
    build.onLoad({ filter: CREDENTIALS, namespace: 'environment' }, ({ pluginData: resolveDir }) => ({
      contents: `export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env'`,
      resolveDir,
    }))
    build.onResolve({ filter: EVENT_STREAMS }, ({ path }) => ({ path, namespace: 'nothing', sideEffects: false }))
    build.onLoad({ filter: EVENT_STREAMS, namespace: 'nothing' }, ({ path }) => ({
      contents: `throw new Error('${path} is not part of this bundle: see infra/bundle/left-out.ts')`,
    }))
  },
}

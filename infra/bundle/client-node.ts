import { join } from 'node:path'
import type { Plugin } from 'esbuild'

/**
 * What client-node needs only for what the functions never do: its own HTTP dispatcher, watches and exec over
 * WebSocket, proxies, copying files, and the legacy auth providers.
 */
const UNUSED = ['undici', 'openid-client', 'socks', 'socks-proxy-agent', 'hpagent', 'tar-fs', 'ws', 'isomorphic-ws']
const UNUSED_TOO = ['stream-buffers', 'jsonpath-plus', 'form-data', 'node-fetch', 'https-proxy-agent']
const unused = new Set([...UNUSED, ...UNUSED_TOO])

const inside = /[\\/]@kubernetes[\\/]client-node[\\/]/

/** Any use of a stubbed module says which one is missing; `__esModule` and symbols are asked by the bundler itself. */
const stub = (name: string) =>
  `module.exports = Object.create(new Proxy({}, { get(_, key) {
     if (typeof key === 'symbol' || key === '__esModule' || key === 'default') return undefined
     throw new Error('${name}.' + key + ' is not part of this bundle: see infra/bundle/client-node.ts')
   } }))`

/**
 * `@kubernetes/client-node` without the parts that are not reached: its modules are marked free of side effects (its
 * package.json does not say so) and its unused dependencies become stubs. KubeConfig: 1,380 KB -> 73 KB.
 */
export const clientNode: Plugin = {
  name: 'client-node',
  setup(build) {
    build.onResolve({ filter: /^@kubernetes\/client-node/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (pluginData === clientNode) return undefined
      const found = await build.resolve(path, { kind, resolveDir, pluginData: clientNode })
      return found.errors.length > 0 ? found : { path: found.path, sideEffects: false }
    })
    build.onResolve({ filter: /^\.\.?\// }, ({ path, importer, resolveDir }) =>
      inside.test(importer) && path.endsWith('.js') ? { path: join(resolveDir, path), sideEffects: false } : undefined,
    )
    build.onResolve({ filter: /^[a-z-]+$/ }, ({ path, importer }) =>
      unused.has(path) && inside.test(importer) ? { path, namespace: 'unused', sideEffects: false } : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({ contents: stub(path) }))
  },
}

import { isBuiltin } from 'node:module'
import type { Plugin } from 'esbuild'

/** Loaded through `process.getBuiltinModule` even when imported: the ESM facade of `node:http` reads lazy getters. */
const ALWAYS = new Set(['http'])

/**
 * Built-in modules that must not be imported or required as they stand.
 *
 * - `import 'node:http'` makes Node load its built-in undici (39-60 ms and 12 MB in a cold start): `getBuiltinModule`
 *   does not.
 * - `require('fs')` of a CommonJS dependency has no `require` in an ESM bundle: the same call serves it, so that no
 *   `createRequire` banner is needed.
 */
export const builtins: Plugin = {
  name: 'builtins',
  setup(build) {
    build.onResolve({ filter: /^(node:)?[a-z_0-9]+(\/[a-z]+)*$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '')
      if (!isBuiltin(`node:${name}`)) return undefined
      return kind === 'require-call' || ALWAYS.has(name) ? { path: name, namespace: 'builtin' } : undefined
    })
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('node:${path}')`,
    }))
  },
}

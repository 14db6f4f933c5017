import { isBuiltin } from 'node:module'
import { relative } from 'node:path'
import type { Plugin } from 'esbuild'
import { ROOT } from '../local/root.ts'
import { type Output, packageFolder } from './contents.ts'

/** Entry of the file that a package becomes, for `compile`. */
export const laterEntry = (name: string) => `later:${name}`

/** The file that a package becomes, without extension: `@scope/name` is `@scope+name`. */
export const laterFile = (name: string) => name.replaceAll('/', '+')

const ENTRY = /^later:/

/**
 * A package that our code imports with `import()` is a file of its own beside `index.mjs`, loaded when first needed: a
 * cold start reads, parses and maps nothing of it. Modules of ours stay in `index.mjs`, where they run when first needed:
 * a class must not be there twice.
 */
export const later: Plugin = {
  name: 'later',
  setup(build) {
    build.onResolve({ filter: /^[@a-z]/ }, ({ path, kind, importer }) => {
      const isOurs = packageFolder(relative(ROOT, importer)) === undefined
      if (kind !== 'dynamic-import' || isBuiltin(path) || !isOurs) return undefined
      return { path: `./${laterFile(path)}.mjs`, external: true }
    })
    build.onResolve({ filter: ENTRY }, ({ path, kind }) =>
      kind === 'entry-point' ? { path: path.replace(ENTRY, ''), namespace: 'later' } : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'later' }, async ({ path }) => {
      // One by one: of a CommonJS package the bundler knows no names.
      const names = Object.keys(await import(path)).filter((name) => name !== 'default' && name !== 'module.exports')
      return { contents: `export { ${names.join(', ')} } from '${path}'`, resolveDir: ROOT }
    })
  },
}

/** The packages that a function imports so. */
export function laterPackages({ imports }: Output): string[] {
  const files = imports.flatMap(({ path, external }) => (external && path.startsWith('./') ? path : []))
  return files.map((path) => path.slice('./'.length, -'.mjs'.length).replaceAll('+', '/')).sort()
}

import { isBuiltin } from 'node:module'
import { join, relative } from 'node:path'
import type { Plugin } from 'esbuild'
import { ROOT } from '../local/root.ts'
import { isOurs, type Output, packageFolder } from './contents.ts'

/** Entry of the file that a package or a module becomes, for `compile`. */
export const laterEntry = (name: string) => `later:${name}`

/** That file, without extension: `@scope/name` is `@scope+name`, `lib/aws/fetch` is `lib+aws+fetch`. */
export const laterFile = (name: string) => name.replaceAll('/', '+')

const ENTRY = /^later:/

/**
 * A package, or a module of lib/, that our code imports with `import()` is a file of its own beside `index.mjs`, loaded
 * when first needed: a cold start reads, parses and maps nothing of it. Such a module has none of `index.mjs` (a class
 * would be there twice): it takes types only from there, and what it is called with.
 */
export const later: Plugin = {
  name: 'later',
  setup(build) {
    build.onResolve({ filter: /^[.@a-z]/ }, ({ path, kind, importer, resolveDir }) => {
      const byUs = packageFolder(relative(ROOT, importer)) === undefined
      if (kind !== 'dynamic-import' || isBuiltin(path) || !byUs) return undefined
      const name = path.startsWith('.') ? moduleName(join(resolveDir, path)) : path
      return { path: `./${laterFile(name)}.mjs`, external: true }
    })
    build.onResolve({ filter: ENTRY }, ({ path, kind }) => {
      if (kind !== 'entry-point') return undefined
      const name = path.replace(ENTRY, '')
      return isOurs(name) ? { path: join(ROOT, `${name}.ts`) } : { path: name, namespace: 'later' }
    })
    build.onLoad({ filter: /.*/, namespace: 'later' }, async ({ path }) => {
      // One by one: of a CommonJS package the bundler knows no names.
      const names = Object.keys(await import(path)).filter((name) => name !== 'default' && name !== 'module.exports')
      return { contents: `export { ${names.join(', ')} } from '${path}'`, resolveDir: ROOT }
    })
  },
}

/** @param file absolute path @returns path from ROOT without extension */
function moduleName(file: string): string {
  const path = relative(ROOT, file)
  if (!isOurs(path)) throw new Error(`${path} is imported with import(): move it to lib/, or import it as the others`)
  return path.replace(/\.ts$/, '')
}

/** The packages and modules that a file imports so. */
export function laterNames({ imports }: Output): string[] {
  const files = imports.flatMap(({ path, external }) => (external && path.startsWith('./') ? path : []))
  return files.map((path) => path.slice('./'.length, -'.mjs'.length).replaceAll('+', '/')).sort()
}

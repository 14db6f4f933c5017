import { readdir, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'
import { builtins } from './bundle/builtins.ts'
import { clientNode } from './bundle/client-node.ts'

const ROOT = resolve(import.meta.dirname, '..')

/** One function, ready to be a Lambda package: `dir` holds `index.mjs` (handler `index.handler`) and its source map. */
export interface Bundle {
  /** Name of the function, from its file: `functions/<name>.ts`. */
  name: string
  /** Absolute path of the folder `dist/<name>`. */
  dir: string
  /** Size of `index.mjs` in bytes, without the map. */
  bytes: number
}

export interface BundleOptions {
  /** Folder of the entry files, one `<name>.ts` per function. Default: `functions/`. */
  from?: string
  /** Folder that receives `<name>/index.mjs`. Default: `dist/`. */
  to?: string
}

/**
 * Bundles every function: ESM for Node 24, minified, deterministic bytes. Sorted by name.
 * @throws esbuild's BuildFailure, with the messages already printed.
 */
export async function bundleAll({ from = join(ROOT, 'functions'), to = join(ROOT, 'dist') }: BundleOptions = {}) {
  const files = (await readdir(from)).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts')).sort()
  const names = files.map((file) => basename(file, '.ts'))
  await removeOthers(to, names)
  if (names.length === 0) return []
  const { outputs } = (
    await build({
      entryPoints: names.map((name) => ({ in: join(from, `${name}.ts`), out: join(name, 'index') })),
      outdir: to,
      outExtension: { '.js': '.mjs' },
      absWorkingDir: ROOT,
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      mainFields: ['module', 'main'],
      minify: true,
      legalComments: 'none',
      sourcemap: 'linked',
      // Names and lines are enough for a stack trace; the text would triple the package.
      sourcesContent: false,
      metafile: true,
      logLevel: 'warning',
      plugins: [builtins, clientNode],
    })
  ).metafile
  const bytes = new Map(Object.entries(outputs).map(([path, { bytes }]) => [resolve(ROOT, path), bytes]))
  return names.map((name): Bundle => {
    const file = join(to, name, 'index.mjs')
    return { name, dir: dirname(file), bytes: bytes.get(resolve(file)) ?? 0 }
  })
}

/** A function that no longer exists must not be deployed again; the others are replaced in place, as a host may use them. */
async function removeOthers(to: string, names: string[]): Promise<void> {
  const found = await readdir(to).catch(() => [])
  const others = found.filter((name) => !names.includes(name))
  await Promise.all(others.map((name) => rm(join(to, name), { recursive: true, force: true })))
}

/** The table that `npm run bundle` prints. */
export function bundleTable(bundles: Bundle[]): string {
  const width = Math.max(8, ...bundles.map(({ name }) => name.length))
  const row = (name: string, kb: string) => `${name.padEnd(width)}  ${kb.padStart(8)}`
  return [row('function', 'KB'), ...bundles.map(({ name, bytes }) => row(name, (bytes / 1024).toFixed(1)))].join('\n')
}

if (import.meta.main) {
  const started = performance.now()
  const bundles = await bundleAll()
  console.log(bundleTable(bundles))
  console.log(`${bundles.length} functions in ${Math.round(performance.now() - started)} ms`)
}

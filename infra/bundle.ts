import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Compiled, compile } from './bundle/compile.ts'
import type { Load } from './bundle/contents.ts'
import { licenceNotices } from './bundle/licences.ts'
import { bundleTable, partsTable } from './bundle/tables.ts'
import { ROOT } from './local/root.ts'

/** One function, ready to be a Lambda package. */
export interface Bundle {
  /** Name of the function, from its file: `functions/<name>.ts`. */
  name: string
  /**
   * Absolute path of the folder `dist/<name>`: `index.mjs` (handler `index.handler`), what it loads later, their source
   * maps, and `LICENSES.txt`.
   */
  dir: string
  /** What a cold start loads, without the maps. */
  start: Load
  /** What is loaded when first needed. */
  later: Load
}

export interface BundleOptions {
  /** Folder of the entry files, one `<name>.ts` per function. Default: `functions/`. */
  from?: string
  /** Folder that receives `<name>/`. Default: `dist/`. */
  to?: string
}

/**
 * Bundles every function. The bytes are the same every time and everywhere. Sorted by name.
 * @throws esbuild's BuildFailure, with the messages already printed; Error for a package without a licence
 */
export async function bundleAll({ from = join(ROOT, 'functions'), to = join(ROOT, 'dist') }: BundleOptions = {}) {
  const entries = (await readdir(from)).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts')).sort()
  const compiled = await compile(entries.map((file) => join(from, file)))
  await removeOthers(
    to,
    compiled.map(({ name }) => name),
  )
  return Promise.all(compiled.map((one) => write(one, join(to, one.name))))
}

async function write({ name, files, packages, start, later }: Compiled, dir: string): Promise<Bundle> {
  const notices = await licenceNotices(packages.map((folder) => join(ROOT, folder)))
  const all = new Map<string, Uint8Array | string>([...files, ['LICENSES.txt', notices]])
  await mkdir(dir, { recursive: true })
  await removeOthers(dir, [...all.keys()])
  await Promise.all([...all].map(([file, content]) => place(join(dir, file), Buffer.from(content))))
  return { name, dir, start, later }
}

/** What is the same already is left untouched: functions of this or of another process may be starting from it. */
async function place(path: string, content: Buffer): Promise<void> {
  const before = await readFile(path).catch(() => undefined)
  if (!before?.equals(content)) await writeFile(path, content)
}

/** What no longer exists must not be deployed again; the rest is replaced in place. */
async function removeOthers(dir: string, names: readonly string[]): Promise<void> {
  const found = await readdir(dir).catch(() => [])
  const others = found.filter((name) => !names.includes(name))
  await Promise.all(others.map((name) => rm(join(dir, name), { recursive: true, force: true })))
}

/** `npm run bundle [-- <function>…]`: bundles all, and tells the sizes; of the functions named, by package. */
if (import.meta.main) {
  const wanted = process.argv.slice(2)
  if (wanted.some((name) => name.startsWith('-'))) {
    console.error('usage: npm run bundle [-- FUNCTION…]: bundles all, and tells what the functions named are made of')
    process.exit(wanted.includes('--help') ? 0 : 1)
  }
  const started = performance.now()
  const bundles = await bundleAll()
  console.log(bundleTable(bundles))
  const unknown = wanted.filter((one) => !bundles.some(({ name }) => name === one))
  if (unknown.length > 0) console.error(`there is no function ${unknown.join(', ')}; its name is in the table`)
  process.exitCode = unknown.length > 0 ? 1 : 0
  for (const one of bundles.filter(({ name }) => wanted.includes(name))) console.log(`\n${partsTable(one)}`)
  console.log(`${bundles.length} functions in ${Math.round(performance.now() - started)} ms`)
}

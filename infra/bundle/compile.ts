import { basename, join, relative } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { ROOT } from '../local/root.ts'
import { builtins } from './builtins.ts'
import { type Load, loadOf, type Output, ownModules, packageFolders } from './contents.ts'
import { errorNames } from './error-names.ts'
import { later, laterEntry, laterFile, laterNames } from './later.ts'
import { leftOut } from './left-out.ts'

/** A function as it is packed. */
export interface Compiled {
  name: string
  /** By file name. */
  files: ReadonlyMap<string, Uint8Array>
  /** What a cold start loads, without the maps. */
  start: Load
  /** What is loaded when first needed. */
  later: Load
  /** Folders of the npm packages with code in it, from ROOT. */
  packages: readonly string[]
}

/** First in every `index.mjs`: sees to stack traces, with what is loaded for the first of them. */
const BANNER = `Error.prepareStackTrace=(e,f)=>{try{return process.getBuiltinModule("node:module").createRequire(import.meta.url)("./traces.cjs").trace(e,f,import.meta.url)}catch{return[e,...f].join("\\n    at ")}};`

/** Bytes depend on the sources alone: wherever the files go, their maps count from `dist/<name>/`. */
const OPTIONS = {
  absWorkingDir: ROOT,
  outdir: 'dist',
  write: false,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  minify: true,
  // LICENSES.txt has the licences in full.
  legalComments: 'none',
  sourcemap: 'linked',
  // Names and lines are enough for a stack trace; the text would triple the package.
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
  plugins: [builtins, leftOut, later, errorNames],
} as const satisfies BuildOptions

/**
 * Functions as ESM for Node 24, minified: `index.mjs`, a file for each package and module that is imported only when
 * needed, one for stack traces, and the source map of each.
 * @param entries absolute paths, `<name>.ts`
 * @throws esbuild's BuildFailure, with the messages already printed; Error for a module that would be there twice
 */
export async function compile(entries: readonly string[]): Promise<Compiled[]> {
  const names = entries.map((entry) => basename(entry, '.ts'))
  const indexes = await outputsOf(
    entries.map((entry, index) => ({ in: entry, out: `${names[index]}/index` })),
    { banner: { js: BANNER } },
  )
  const functions = names.map((name) => ({ name, index: indexes.get(`dist/${name}/index.mjs`)! }))
  const shared = await builtLater(functions.map(({ index }) => index))
  const traces = await outputsOf([{ in: join(import.meta.dirname, 'traces.ts'), out: 'shared/traces' }], {
    // A trace cannot wait for an ES module.
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
  })
  return functions.map(({ name, index }) => {
    const parts = reachedFrom(index, shared)
    refuseTwice(name, index, parts)
    const others = [...parts, ...traces.values()]
    const all = [index, ...others]
    return {
      name,
      files: new Map(all.flatMap(({ files }) => [...files])),
      start: loadOf([index.output]),
      later: loadOf(others.map(({ output }) => output)),
      packages: packageFolders(all.map(({ output }) => output)),
    }
  })
}

/** What these files import when needed, and what that does in turn: by name, one for all functions. */
async function builtLater(files: readonly Built[]): Promise<Map<string, Built>> {
  const found = new Map<string, Built>()
  for (let next = files; next.length > 0; ) {
    const names = [...new Set(next.flatMap(({ output }) => laterNames(output)))]
      .filter((name) => !found.has(name))
      .sort()
    // In a folder as deep as those of the functions.
    const entries = names.map((name) => ({ in: laterEntry(name), out: `shared/${laterFile(name)}` }))
    const built = await outputsOf(entries)
    next = names.map((name) => built.get(`dist/shared/${laterFile(name)}.mjs`)!)
    for (const [index, name] of names.entries()) found.set(name, next[index]!)
  }
  return found
}

function reachedFrom(index: Built, later: ReadonlyMap<string, Built>): Built[] {
  const names = new Set(laterNames(index.output))
  // A set that grows is walked to its end.
  for (const name of names) for (const next of laterNames(later.get(name)!.output)) names.add(next)
  return [...names].sort().map((name) => later.get(name)!)
}

/** Two copies of a module are two of each of its classes, and `instanceof` tells wrong. */
function refuseTwice(name: string, index: Built, later: readonly Built[]): void {
  const early = new Set(ownModules(index.output))
  const twice = later.flatMap(({ output }) => ownModules(output)).filter((path) => early.has(path))
  if (twice.length === 0) return
  const remedy = 'what is imported with import() must take only types from modules that are loaded at the start'
  throw new Error(`function ${name} would have ${twice.join(', ')} twice: ${remedy}`)
}

interface Built {
  output: Output
  /** The code and its map, by file name. */
  files: [string, Uint8Array][]
}

/** By path from ROOT. */
async function outputsOf(
  entryPoints: { in: string; out: string }[],
  options: Pick<BuildOptions, 'banner' | 'format' | 'outExtension'> = {},
): Promise<Map<string, Built>> {
  const { outputFiles, metafile } = await build({ ...OPTIONS, ...options, entryPoints })
  const bytes = new Map(outputFiles.map(({ path, contents }) => [relative(ROOT, path), contents]))
  const files = (path: string): [string, Uint8Array][] =>
    [path, `${path}.map`].map((each) => [basename(each), bytes.get(each)!])
  const codes = Object.entries(metafile.outputs).filter(([path]) => !path.endsWith('.map'))
  return new Map(codes.map(([path, output]) => [path, { output, files: files(path) }]))
}

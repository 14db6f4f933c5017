import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapping } from 'node:module'
import { fileURLToPath } from 'node:url'

type Frame = NodeJS.CallSite

/** By URL of the module; undefined of one that has none. */
const maps = new Map<string, SourceMap | undefined>()

/**
 * `Error.prepareStackTrace` of the functions: traces name functions and lines of TypeScript. So they would with
 * `--enable-source-maps`, which however reads all maps at each cold start (10 ms); this is loaded for the first trace.
 * @param bundle URL of the bundle, e.g. `file:///var/task/dist/configmap/index.mjs`
 */
export function trace(error: Error, frames: readonly Frame[], bundle: string): string {
  const folder = new URL('.', bundle).href
  const lines = frames.map((frame, index) => `    at ${inSource(frame, frames[index + 1], folder) ?? frame}`)
  return [Error.prototype.toString.call(error), ...lines].join('\n')
}

/** e.g. `async dispatch (/var/task/lib/reflect/dispatch.ts:76:15)`; undefined where no map tells. */
function inSource(frame: Frame, caller: Frame | undefined, folder: string): string | undefined {
  const module = frame.getFileName() ?? ''
  const map = module.startsWith(folder) ? mapOf(module) : undefined
  const found = map && entryOf(map, frame)
  if (!found) return undefined
  const file = fileURLToPath(new URL(found.originalSource, module))
  const place = `${file}:${found.originalLine + 1}:${found.originalColumn + 1}`
  // Of names in the source the map knows best what a function is called by where it is called.
  const called = caller?.getFileName() === module ? entryOf(map, caller)?.name : undefined
  const name = called ?? frame.getFunctionName()
  return `${frame.isAsync() ? 'async ' : ''}${name ? `${name} (${place})` : place}`
}

function entryOf(map: SourceMap, frame: Frame): Entry | undefined {
  const [line, column] = [frame.getLineNumber(), frame.getColumnNumber()]
  if (line === null || column === null) return undefined
  const entry: Partial<Entry> = map.findEntry(line - 1, column - 1)
  return entry.originalSource === undefined ? undefined : (entry as Entry)
}

/** The name is missing in the types. */
type Entry = SourceMapping & { name?: string }

function mapOf(module: string): SourceMap | undefined {
  if (!maps.has(module)) maps.set(module, readMap(module))
  return maps.get(module)
}

/** Undefined without one: a trace with places of the bundle is better than none. */
function readMap(module: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(module)}.map`, 'utf8')))
  } catch {
    return undefined
  }
}

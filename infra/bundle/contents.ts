import type { Metafile } from 'esbuild'

/** A file of JavaScript, as the metafile tells of it. */
export type Output = Metafile['outputs'][string]

/** JavaScript that is loaded together. */
export interface Load {
  bytes: number
  /** Bytes by name of the npm package; by '' what is ours, and what the bundler adds. */
  parts: Readonly<Record<string, number>>
}

export function loadOf(outputs: readonly Output[]): Load {
  const bytes = outputs.reduce((sum, output) => sum + output.bytes, 0)
  const parts: Record<string, number> = { '': bytes }
  for (const { folder, size } of inputsOf(outputs)) {
    const name = folder.slice(folder.lastIndexOf(MODULES) + MODULES.length)
    parts[name] = (parts[name] ?? 0) + size
    parts['']! -= size
  }
  return { bytes, parts }
}

/** `node_modules/zod`, `node_modules/a/node_modules/@b/c`: the packages with code in these files, sorted. */
export function packageFolders(outputs: readonly Output[]): string[] {
  return [...new Set(inputsOf(outputs).map(({ folder }) => folder))].sort()
}

/** Of a module of a package; undefined for one of ours. @param path from the root */
export function packageFolder(path: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]
}

/** A module of lib/. @param path from the root */
export const isOurs = (path: string): boolean => path.startsWith('lib/')

/** Modules of lib/ that are in the file with at least a byte. */
export function ownModules({ inputs }: Output): string[] {
  return Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (isOurs(path) && bytesInOutput > 0 ? path : []))
}

const MODULES = 'node_modules/'

/** Modules of packages that are in the files with at least a byte. */
function inputsOf(outputs: readonly Output[]): { folder: string; size: number }[] {
  return outputs
    .flatMap(({ inputs }) => Object.entries(inputs))
    .flatMap(([path, { bytesInOutput: size }]) => {
      const folder = packageFolder(path)
      return folder !== undefined && size > 0 ? [{ folder, size }] : []
    })
}

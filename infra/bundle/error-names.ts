import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import type { Plugin } from 'esbuild'
import { ROOT } from '../local/root.ts'
import { packageFolder } from './contents.ts'

const CLASS = /\bclass (\w+) extends \w*Error {/g

/**
 * Classes of errors keep their names, by which logs, answers and dead letters tell them apart: `new.target.name` would
 * be two letters in minified code. All names kept (`keepNames`) would be 8 % of a bundle.
 */
export const errorNames: Plugin = {
  name: 'error-names',
  setup(build) {
    build.onLoad({ filter: /\.ts$/, namespace: 'file' }, async ({ path }) => {
      if (packageFolder(relative(ROOT, path)) !== undefined) return undefined
      const text = await readFile(path, 'utf8')
      // Within the line, so that the others keep their numbers.
      return { contents: text.replace(CLASS, "$& static name = '$1';"), loader: 'ts' }
    })
  },
}

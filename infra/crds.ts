import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The custom resources that a home cluster needs, one file each. */
export const CRDS = ['namespaceoffloadings'] as const

export type Crd = (typeof CRDS)[number]

export function readCrd(name: Crd): Promise<string> {
  return readFile(join(import.meta.dirname, 'crds', `${name}.yaml`), 'utf8')
}

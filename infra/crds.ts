import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Side } from '../lib/kinds/kind.ts'

/** The custom resources that a cluster of each role needs, one file each. */
export const CRDS = { home: ['namespaceoffloadings'], remote: ['shadowpods'] } as const satisfies Record<Side, string[]>

export type Crd = (typeof CRDS)[Side][number]

export function readCrd(name: Crd): Promise<string> {
  return readFile(join(import.meta.dirname, 'crds', `${name}.yaml`), 'utf8')
}

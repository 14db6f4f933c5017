import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Side } from '../lib/kinds/kind.ts'

/** Of the internal network, in which clusters of both roles do the same. */
const NETWORK = ['networkconfigs', 'tunnelendpoints', 'ipamstorages', 'endpointmappings'] as const

/** The custom resources that a cluster of each role needs, one file each. */
export const CRDS = {
  home: ['namespaceoffloadings', ...NETWORK],
  remote: ['shadowpods', ...NETWORK],
} as const satisfies Record<Side, string[]>

export type Crd = (typeof CRDS)[Side][number]

export function readCrd(name: Crd): Promise<string> {
  return readFile(join(import.meta.dirname, 'crds', `${name}.yaml`), 'utf8')
}

import type { KubeObject } from '../../../lib/cluster/port.ts'
import { ENDPOINT_MAPPING, ENDPOINT_SLICE } from '../../../lib/cluster/resources.ts'
import { RELEASING } from '../../../lib/flows/mapping/mapping.ts'
import { addressesOf } from '../../../lib/kinds/endpointslice/forge.ts'
import type { MemoryCluster } from '../../support/memory-cluster.ts'
import { HOME, REMOTE } from '../edits.ts'

/** Slices of home outside the pod CIDR, their copies in the same order, and all mappings for that cluster. */
export interface Shown {
  readonly slices: readonly KubeObject[]
  readonly copies: readonly KubeObject[]
  readonly mappings: readonly KubeObject[]
}

/** What rome and milan show of `shop`. */
export function shownIn(rome: MemoryCluster, milan: MemoryCluster): Shown {
  return {
    slices: rome.all(ENDPOINT_SLICE, HOME),
    copies: milan.all(ENDPOINT_SLICE, REMOTE),
    mappings: rome.all(ENDPOINT_MAPPING),
  }
}

/**
 * What must hold when all is quiet: every copy shows, for each address of its slice and in their order, one whose mapping
 * is there and stands for that very address. After a sweep, besides: nothing else is mapped, and nothing is marked.
 * @returns what is wrong
 */
export function judge({ slices, copies, mappings }: Shown, when: 'quiet' | 'swept' = 'quiet'): string | undefined {
  const originalOf = new Map(mappings.map(({ spec }) => pairOf(spec as Spec)))
  const namesOf = (objects: readonly KubeObject[]) => objects.map(({ metadata }) => metadata.name).join()
  if (namesOf(slices) !== namesOf(copies)) return `copies ${namesOf(copies)} of slices ${namesOf(slices)}`
  for (const [index, slice] of slices.entries()) {
    const shown = addressesOf(copies[index]!)
    const reached = shown.map((address) => originalOf.get(address) ?? 'nothing')
    const wanted = addressesOf(slice)
    if (reached.join() !== wanted.join()) {
      return `${slice.metadata.name} is ${wanted}, its copy shows ${shown} which leads to ${reached}`
    }
  }
  if (when === 'quiet') return undefined
  const used = new Set(copies.flatMap(addressesOf))
  const left = [...originalOf.keys()].filter((address) => !used.has(address))
  if (left.length > 0) return `${left} is mapped for nobody`
  const marked = mappings.filter(({ metadata }) => metadata.annotations?.[RELEASING] === 'true')
  return marked.length > 0 ? `${namesOf(marked)} is marked` : undefined
}

interface Spec {
  original: string
  external: string
}

/** What the peer calls the external address, and what it stands for. */
function pairOf({ original, external }: Spec): [string, string] {
  return [external.replace('10.245.', '10.247.'), original]
}

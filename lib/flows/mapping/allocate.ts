import type { KubeObject } from '../../cluster/port.ts'
import { parseAddress } from '../../policy/address.ts'
import { contains, parseCidr } from '../../policy/cidr.ts'
import { lowestFree } from '../../policy/endpoint-mapping.ts'
import { type Mapping, mappingByOriginal, mappingName, mappingsOf, marked, newMapping } from './mapping.ts'

/** The external CIDR of a cluster as one peer has it. */
export interface ExternalCIDR {
  /** ClusterID. */
  readonly peer: string
  readonly cidr: string
}

/** The peer's mappings that stand in the external CIDR: others are of one that the cluster had before. */
export function usableMappings({ peer, cidr }: ExternalCIDR, objects: readonly KubeObject[]): Mapping[] {
  const range = parseCidr(cidr)
  return mappingsOf(peer, objects).filter(({ external }) => {
    const address = parseAddress(external)
    return !('unreadable' in address) && !('unreadable' in range) && contains(range, address)
  })
}

/**
 * The mappings to write so that each original has one that stays: new ones, on the lowest free addresses, and those
 * without their mark that are about to be freed. Originals for which no address is free are left out.
 *
 * | original has | written |
 * |---|---|
 * | nothing | a new mapping |
 * | a mapping, about to be freed | the mapping without its mark |
 * | a mapping | nothing |
 *
 * @param originals canonical addresses, each once
 * @param objects all of the peer's EndpointMappings that are known
 */
export function lackingMappings(
  external: ExternalCIDR,
  originals: readonly string[],
  objects: readonly KubeObject[],
): KubeObject[] {
  const known = mappingByOriginal(usableMappings(external, objects))
  const releasing = originals.flatMap((original) => {
    const mapping = known.get(original)
    return mapping?.isReleasing && mapping.isOurs ? [marked(mapping.object, false)] : []
  })
  const unknown = originals.filter((original) => !known.has(original))
  const free = freeAddresses(external, objects, unknown.length)
  return [...releasing, ...free.map((address, index) => newMapping(external.peer, unknown[index] ?? '', address))]
}

/** At most so many addresses that no mapping of the peer has, lowest first. */
export function freeAddresses({ peer, cidr }: ExternalCIDR, objects: readonly KubeObject[], many: number): string[] {
  const range = parseCidr(cidr)
  if (many === 0 || 'unreadable' in range) return []
  const prefix = mappingName(peer, '')
  const names = objects.map(({ metadata }) => metadata.name).filter((name) => name.startsWith(prefix))
  return lowestFree(range, new Set(names.map((name) => name.slice(prefix.length).replaceAll('-', '.'))), many)
}

/** What stands for each original and is not about to be freed, as `policyOf` takes it. */
export function settledMappings(external: ExternalCIDR, objects: readonly KubeObject[]): Record<string, string> {
  const settled = [...mappingByOriginal(usableMappings(external, objects)).values()].filter(
    ({ isReleasing, isOurs }) => !(isReleasing && isOurs),
  )
  return Object.fromEntries(settled.map((mapping) => [mapping.original, mapping.external]))
}

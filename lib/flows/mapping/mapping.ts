import { apiVersionOf, type KubeObject } from '../../cluster/port.ts'
import { ENDPOINT_MAPPING } from '../../cluster/resources.ts'
import { mapOf } from '../../kinds/json.ts'
import { parseAddress } from '../../policy/address.ts'
import { isManaged, managed, PEER } from '../network/names.ts'

/**
 * An EndpointMapping: one address of a cluster that is in no pod CIDR, and the address in its external CIDR under which
 * one peer reaches it. Two objects of one name cannot be, and the name is the external address: to create one is to
 * have the address. A mapping never changes but for the mark of its release (release.ts).
 */
export interface Mapping {
  readonly object: KubeObject
  /** Canonical, e.g. `10.96.0.1`. */
  readonly original: string
  /** As the name says it, e.g. `10.245.0.2`. */
  readonly external: string
  /** About to be freed: who needs it takes the mark off first. */
  readonly isReleasing: boolean
  /** Ours to change and to delete. */
  readonly isOurs: boolean
}

/** Annotation, `true`: the mapping is about to be freed. */
export const RELEASING = 'heliograph.io/releasing'

/** Label selector of a peer's mappings. */
export function mappingSelector(peer: string): string {
  return `${PEER}=${peer}`
}

/** e.g. `('milan', '10.245.0.2')` -> `milan.10-245-0-2` */
export function mappingName(peer: string, external: string): string {
  return `${peer}.${external.replaceAll('.', '-')}`
}

/** The mapping to make. */
export function newMapping(peer: string, original: string, external: string): KubeObject {
  return {
    apiVersion: apiVersionOf(ENDPOINT_MAPPING),
    kind: ENDPOINT_MAPPING.kind,
    metadata: { name: mappingName(peer, external), labels: managed(peer) },
    spec: { clusterID: peer, original, external },
  }
}

/** The mapping with the mark of its release, or without: said either way, so that it holds whoever set the mark. */
export function marked(mapping: KubeObject, isReleasing: boolean): KubeObject {
  const { apiVersion, kind, metadata, spec } = mapping
  const { name, labels = {} } = metadata
  return { apiVersion, kind, metadata: { name, labels, annotations: { [RELEASING]: String(isReleasing) } }, spec }
}

/**
 * The peer's mappings among objects, lowest external address first. What is not named as it should be is none: its
 * address is taken all the same.
 */
export function mappingsOf(peer: string, objects: readonly KubeObject[]): Mapping[] {
  const mappings = objects.flatMap((object) => {
    const { clusterID, original, external } = mapOf(object.spec)
    const isSound = typeof original === 'string' && typeof external === 'string' && clusterID === peer
    if (!isSound || object.metadata.name !== mappingName(peer, external)) return []
    const isReleasing = object.metadata.annotations?.[RELEASING] === 'true'
    return [{ object, original, external, isReleasing, isOurs: isManaged(object) }]
  })
  return mappings.toSorted((a, b) => (bitsOf(a.external) < bitsOf(b.external) ? -1 : 1))
}

/** What stands for each original: of several mappings the lowest, as every reader does. */
export function mappingByOriginal(mappings: readonly Mapping[]): Map<string, Mapping> {
  return new Map(mappings.toReversed().map((mapping) => [mapping.original, mapping]))
}

function bitsOf(text: string): bigint {
  const address = parseAddress(text)
  return 'unreadable' in address ? -1n : address.bits
}

import type { KubeObject } from '../../cluster/port.ts'
import { type Json, mapOf, mapsOf } from '../../kinds/json.ts'
import { DIGEST } from '../../reflect/stamp.ts'

/** Conditions of an endpoint that is out of reach; that it is terminating stays. */
export function outOfReach(conditions: unknown): Json {
  return { ...mapOf(conditions), ready: false, serving: false }
}

/**
 * The copy of an EndpointSlice with none of its endpoints ready; undefined: it is so already. Of the stamp the digest is
 * replaced, so that the copy is made anew as soon as home can be read.
 */
export function withdrawn(copy: KubeObject): KubeObject | undefined {
  const endpoints = mapsOf(copy.endpoints)
  if (endpoints.every(({ conditions }) => mapOf(conditions).ready === false)) return undefined
  const { name, namespace, labels, annotations } = copy.metadata
  const metadata = { name, namespace, labels, annotations: { ...annotations, [DIGEST]: 'withdrawn' } } as const
  return {
    ...copy,
    metadata: metadata as KubeObject['metadata'],
    endpoints: endpoints.map((endpoint) => ({ ...endpoint, conditions: outOfReach(endpoint.conditions) })),
  }
}

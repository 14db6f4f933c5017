import type { KubeObject, Resource } from '../../lib/cluster/port.ts'
import type { Owners } from './memory-fields.ts'
import type { Json } from './memory-json.ts'

/** `heliograph|Apply|status` as the API tells it; which fields are owned is left out. */
export function managedField(owner: string): Json {
  const [manager, operation, subresource] = owner.split('|')
  return { manager, operation, ...(subresource ? { subresource } : {}) }
}

/** Whether finalizers keep a deleted object: its own, or those that every Namespace has. */
export function held(object: KubeObject): boolean {
  const finalizers = object.metadata.finalizers as unknown[] | undefined
  const spec = object.spec as { finalizers?: unknown[] } | undefined
  return (finalizers?.length ?? 0) > 0 || (object.kind === 'Namespace' && (spec?.finalizers?.length ?? 0) > 0)
}

/** Metadata has Go types: an empty map or list of it is none. */
export function dropEmpty(metadata: KubeObject['metadata']): void {
  for (const key of ['labels', 'annotations', 'finalizers', 'ownerReferences']) {
    const value = metadata[key]
    if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) delete metadata[key]
  }
}

/** Of the core group, only pods count the changes of their spec. */
export function hasGeneration({ group, plural }: Resource): boolean {
  return group === '' ? plural === 'pods' : plural !== 'events' && plural !== 'leases'
}

/** Seconds that a deleted object stays: a pod's own choice while a kubelet runs it, nothing for all else. */
export function graceOf({ group, plural }: Resource, object: KubeObject): number {
  if (group !== '' || plural !== 'pods' || !isRunning(object)) return 0
  const { terminationGracePeriodSeconds } = object.spec as { terminationGracePeriodSeconds?: number }
  return terminationGracePeriodSeconds ?? 30
}

/** Scheduled and not finished: only then does the API server wait for a kubelet. */
function isRunning(object: KubeObject): boolean {
  const spec = object.spec as { nodeName?: string } | undefined
  const status = object.status as { phase?: string } | undefined
  return Boolean(spec?.nodeName) && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
}

export function specOf({ metadata: _, status: __, ...rest }: KubeObject): Json {
  return rest
}

export function sameOwners(a: Owners, b: Owners): boolean {
  if (a === b) return true
  if (a.size !== b.size) return false
  for (const [manager, fields] of a) {
    const others = b.get(manager)
    if (!others || others.size !== fields.size) return false
    for (const field of fields) if (!others.has(field)) return false
  }
  return true
}

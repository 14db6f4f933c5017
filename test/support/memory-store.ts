import {
  ConflictError,
  InvalidError,
  NamespaceMissingError,
  NamespaceTerminatingError,
} from '../../lib/cluster/errors.ts'
import { apiVersionOf, type KubeObject, type ObjectRef, type Resource } from '../../lib/cluster/port.ts'
import { NAMESPACE } from '../../lib/cluster/resources.ts'
import type { Owners } from './memory-fields.ts'
import { equal, type Json } from './memory-json.ts'
import { dropEmpty, graceOf, hasGeneration, held, managedField, sameOwners, specOf } from './memory-rules.ts'

/** One committed write, in order. Objects are the stored versions themselves: read, never change. */
export interface Change {
  verb: 'create' | 'update' | 'delete'
  resource: Resource
  /** Empty for cluster-scoped objects. */
  namespace: string
  name: string
  /** Field manager, or who deleted. */
  manager: string
  /** Of this write; a delete has its own. */
  resourceVersion: string
  /** Absent for a create. */
  before?: KubeObject
  /** Absent when the object is gone; present for a delete that finalizers or a grace period hold up. */
  after?: KubeObject
}

export interface Stored {
  resource: Resource
  object: KubeObject
  owners: Owners
}

export interface StoreOptions {
  id: string
  /** Revision before the first write. */
  firstRevision: number
  /** RFC 3339, whole seconds. */
  now: () => string
}

/** Revisions, uids, namespaces and finalizers of one cluster; who may write what is decided above (memory-cluster.ts). */
export function createStore({ id, firstRevision, now }: StoreOptions) {
  const kinds = new Map<string, Map<string, Stored>>()
  const changes: Change[] = []
  let revision = firstRevision
  let objects = 0
  const tag = [...id]
    .reduce((hash, char) => (hash * 31 + char.charCodeAt(0)) >>> 0, 7)
    .toString(16)
    .padStart(8, '0')

  const keyOf = (ref: ObjectRef) => `${ref.namespace ?? ''}/${ref.name}`
  const uid = () => `${tag}-0000-4000-8000-${(++objects).toString(16).padStart(12, '0')}`

  function table(resource: Resource): Map<string, Stored> {
    const key = `${resource.group}/${resource.plural}`
    const known = kinds.get(key) ?? new Map<string, Stored>()
    kinds.set(key, known)
    return known
  }

  function record(verb: Change['verb'], stored: Stored, manager: string, before?: KubeObject, after?: KubeObject) {
    const { namespace = '', name } = stored.object.metadata
    const change: Change = {
      verb,
      resource: stored.resource,
      namespace,
      name,
      manager,
      resourceVersion: String(revision),
    }
    if (before) change.before = before
    if (after) change.after = after
    changes.push(change)
  }

  function put(stored: Stored, manager: string, verb: Change['verb'], before?: KubeObject): KubeObject {
    stored.object.metadata.resourceVersion = String(++revision)
    stored.object.metadata.managedFields = [...stored.owners.keys()].map(managedField)
    table(stored.resource).set(keyOf(stored.object.metadata), stored)
    record(verb, stored, manager, before, stored.object)
    return stored.object
  }

  function checkNamespace(resource: Resource, namespace: string | undefined) {
    if (!resource.namespaced) return
    if (!namespace)
      throw new InvalidError(id, `an empty namespace may not be set during creation of ${resource.plural}`)
    const found = table(NAMESPACE).get(`/${namespace}`)
    if (!found) throw new NamespaceMissingError(id, `namespace ${namespace} not found`)
    if (found.object.metadata.deletionTimestamp) {
      throw new NamespaceTerminatingError(id, `namespace ${namespace} is being terminated`)
    }
  }

  function create(resource: Resource, wanted: Json, ref: ObjectRef, owners: Owners, manager: string, ownUid?: string) {
    checkNamespace(resource, ref.namespace)
    const given = wanted.metadata as Json | undefined
    const metadata = {
      ...given,
      name: ref.name,
      uid: ownUid ?? uid(),
      creationTimestamp: now(),
    } as KubeObject['metadata']
    if (resource.namespaced && ref.namespace) metadata.namespace = ref.namespace
    else delete metadata.namespace
    if (hasGeneration(resource)) metadata.generation = 1
    dropEmpty(metadata)
    const object = { ...wanted, apiVersion: apiVersionOf(resource), kind: resource.kind, metadata }
    if (resource.plural === NAMESPACE.plural && resource.group === '') {
      Object.assign(object, { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } })
      metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': ref.name }
    }
    return put({ resource, object, owners }, manager, 'create')
  }

  /** Stores a new version; the same content with the same owners is no write. */
  function replace(old: Stored, next: Json, owners: Owners, manager: string): KubeObject {
    const before = old.object
    const { uid: id, creationTimestamp, name, namespace, generation, deletionTimestamp } = before.metadata
    const { managedFields, resourceVersion, deletionGracePeriodSeconds } = before.metadata
    const metadata = { ...(next.metadata as Json), uid: id, creationTimestamp, name } as KubeObject['metadata']
    const system = {
      namespace,
      generation,
      deletionTimestamp,
      deletionGracePeriodSeconds,
      managedFields,
      resourceVersion,
    }
    for (const [key, value] of Object.entries(system)) {
      if (value === undefined) delete metadata[key]
      else metadata[key] = value
    }
    dropEmpty(metadata)
    const object: KubeObject = { ...next, apiVersion: before.apiVersion, kind: before.kind, metadata }
    if (equal(object, before) && sameOwners(old.owners, owners)) return before
    if (deletionTimestamp && !deletionGracePeriodSeconds && !held(object)) return remove({ ...old, object }, manager)
    if (typeof generation === 'number' && !equal(specOf(object), specOf(before))) metadata.generation = generation + 1
    return put({ resource: old.resource, object, owners }, manager, 'update', before)
  }

  /** Takes the object out, whatever holds it. */
  function remove(old: Stored, manager: string): KubeObject {
    revision++
    table(old.resource).delete(keyOf(old.object.metadata))
    record('delete', old, manager, old.object)
    return old.object
  }

  /** A delete request: objects with finalizers, pods on a node and namespaces are only marked. */
  function requestDelete(old: Stored, manager: string, grace = graceOf(old.resource, old.object)): void {
    const graceful = grace > 0
    if (!held(old.object) && !graceful) {
      remove(old, manager)
      return
    }
    if (old.object.metadata.deletionTimestamp) return
    const metadata: KubeObject['metadata'] = { ...old.object.metadata, deletionTimestamp: now() }
    if (graceful) metadata.deletionGracePeriodSeconds = grace
    const object: KubeObject = { ...old.object, metadata }
    if (old.resource.plural === NAMESPACE.plural) object.status = { phase: 'Terminating' }
    put({ ...old, object }, manager, 'delete', old.object)
  }

  function checkPreconditions(old: Stored | undefined, want: { uid?: unknown; resourceVersion?: unknown }) {
    const what = (name: string, now: unknown, given: unknown) =>
      new ConflictError(id, `the ${name} in the precondition (${given}) does not match the ${name} in record (${now})`)
    const { uid: nowUid, resourceVersion: nowVersion } = old?.object.metadata ?? {}
    if (want.uid && want.uid !== nowUid) throw what('uid', nowUid ?? 'none', want.uid)
    // Nothing is checked against an object that is not there: an apply that creates ignores resourceVersion.
    if (!old || !want.resourceVersion) return
    if (want.resourceVersion !== nowVersion) throw what('resourceVersion', nowVersion, want.resourceVersion)
  }

  return {
    changes,
    table,
    create,
    replace,
    remove,
    requestDelete,
    checkPreconditions,
    revision: () => String(revision),
    find: (resource: Resource, ref: ObjectRef) => table(resource).get(keyOf(ref)),
    kinds: () => kinds.values(),
  }
}

export type Store = ReturnType<typeof createStore>

import { ConflictError, InvalidError } from '../../lib/cluster/errors.ts'
import type { KubeObject, ObjectRef, Preconditions, Resource } from '../../lib/cluster/port.ts'
import { leavesOf, type ownersOfReplaced } from './memory-fields.ts'
import { copy, type Json } from './memory-json.ts'
import type { Store, Stored } from './memory-store.ts'

/** Namespace, name and whatever else; apiVersion and kind come from the resource. */
export type Draft = {
  metadata: { name: string; namespace?: string; [field: string]: unknown }
  [field: string]: unknown
}

/** Writes of people and controllers: synchronous, last writer wins. Each returns a copy of what is stored. */
export interface UserVerbs {
  /** @throws ConflictError when it exists; the namespace errors as for an apply */
  create(resource: Resource, object: Draft, manager?: string): KubeObject
  /** Replaces all but status (kinds without the subresource: all). @throws ConflictError when it does not exist */
  update(resource: Resource, object: Draft, manager?: string): KubeObject
  /** Reads, lets `change` work on a copy, writes back: status as well. */
  edit(resource: Resource, ref: ObjectRef, change: (object: KubeObject) => void, manager?: string): KubeObject
  /** A delete request: finalizers, graceful pods and namespaces only get marked. False when there was nothing. */
  delete(resource: Resource, ref: ObjectRef, manager?: string): boolean
  /** Gone at once, as a kubelet confirms or as with `--force --grace-period=0`. False when there was nothing. */
  remove(resource: Resource, ref: ObjectRef, manager?: string): boolean
}

interface Rules {
  id: string
  store: Store
  checkServed(resource: Resource): void
  hasStatus(resource: Resource): boolean
  admit?: (resource: Resource, object: Json) => Json
}

type Remove = (resource: Resource, ref: ObjectRef, preconditions: Partial<Preconditions>, manager: string) => boolean

export function createUser(rules: Rules, remove: Remove, owners: typeof ownersOfReplaced): UserVerbs {
  const { id, store } = rules
  const refOf = (resource: Resource, { namespace, name }: ObjectRef): ObjectRef =>
    resource.namespaced && namespace ? { namespace, name } : { name }

  function existing(resource: Resource, ref: ObjectRef): Stored {
    const old = store.find(resource, refOf(resource, ref))
    if (!old) throw new ConflictError(id, `${resource.plural} ${ref.name} does not exist`)
    return old
  }

  function replace(old: Stored, next: Json, manager: string): KubeObject {
    const who = `${manager}|Update`
    return copy(store.replace(old, next, owners(bare(old.object), old.owners, bare(next), who), manager))
  }

  return {
    create(resource, object, manager = 'user') {
      rules.checkServed(resource)
      const ref = refOf(resource, object.metadata)
      if (store.find(resource, ref)) throw new ConflictError(id, `${resource.plural} ${ref.name} already exists`)
      if (resource.namespaced && !ref.namespace) throw new InvalidError(id, 'metadata.namespace: Required value')
      const given: Json = copy(object)
      const wanted = rules.admit ? rules.admit(resource, given) : given
      const mine = new Map([[`${manager}|Update`, leavesOf(bare(wanted))]])
      return copy(store.create(resource, wanted, ref, mine, manager))
    },
    update(resource, object, manager = 'user') {
      const old = existing(resource, object.metadata)
      const next: Json = copy(object)
      if (rules.hasStatus(resource)) {
        delete next.status
        if (old.object.status !== undefined) next.status = old.object.status
      }
      return replace(old, next, manager)
    },
    edit(resource, ref, change, manager = 'user') {
      const old = existing(resource, ref)
      const next = copy(old.object)
      change(next)
      return replace(old, copy(next), manager)
    },
    delete: (resource, ref, manager = 'user') => remove(resource, ref, {}, manager),
    remove(resource, ref, manager = 'user') {
      const old = store.find(resource, refOf(resource, ref))
      if (old) store.remove(old, manager)
      return old !== undefined
    },
  }
}

/** What can be owned: no identity, nothing that the API server sets. */
function bare({ apiVersion: _, kind: __, metadata, ...fields }: Json): Json {
  const { labels, annotations, finalizers, ownerReferences } = metadata as KubeObject['metadata']
  return copy({ ...fields, metadata: { labels, annotations, finalizers, ownerReferences } })
}

import { ConflictError, InvalidError, KindMissingError, ListBrokenError } from '../../lib/cluster/errors.ts'
import {
  apiVersionOf,
  type DeleteOptions,
  FIELD_MANAGER,
  type KubeObject,
  type ListOptions,
  type ObjectRef,
  type Preconditions,
  type Resource,
  UNREAD,
} from '../../lib/cluster/port.ts'
import { NAMESPACE } from '../../lib/cluster/resources.ts'
import type { Call, Intercept, MemoryCluster, MemoryOptions } from './memory-api.ts'
import { leavesOf, mergeApplied, ownersOfReplaced } from './memory-fields.ts'
import { copy, type Json } from './memory-json.ts'
import { fieldSelector, labelSelector, type Matches } from './memory-selectors.ts'
import { createStore, type Stored } from './memory-store.ts'
import { createUser } from './memory-user.ts'

export type { Call, Fault, Intercept, MemoryCluster, MemoryOptions } from './memory-api.ts'
export type { Change } from './memory-store.ts'
export type { UserVerbs } from './memory-user.ts'

const WITHOUT_STATUS = ['configmaps', 'secrets', 'endpointslices', 'events', 'leases', 'serviceaccounts', 'endpoints']
const FIXED_TIME = '2026-01-01T00:00:00Z'
/** Set by the API server; no manager owns them. */
const SYSTEM = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'deletionTimestamp',
] as const

/** Deterministic in-memory API server for one cluster: passes the contract of the real one (test/contract). */
export function memoryCluster(options: MemoryOptions): MemoryCluster {
  const { id, serves, withoutStatus = WITHOUT_STATUS, now = () => FIXED_TIME } = options
  const served = serves && new Set([NAMESPACE, ...serves].map((r) => `${r.group}/${r.version}/${r.plural}`))
  const store = createStore({ id, firstRevision: 200, now })
  for (const name of ['default', 'kube-system'])
    store.create(NAMESPACE, { metadata: {} }, { name }, new Map(), 'kube-apiserver')
  store.changes.length = 0
  const identity = store.find(NAMESPACE, { name: 'kube-system' })?.object.metadata.uid as string

  function checkServed(resource: Resource, subresource?: string) {
    const known = !served || served.has(`${resource.group}/${resource.version}/${resource.plural}`)
    if (known && !(subresource && withoutStatus.includes(resource.plural))) return
    const what = `${resource.plural}${subresource ? `/${subresource}` : ''} (${apiVersionOf(resource)})`
    throw new KindMissingError(id, `the API server does not serve ${what}: apply the CRDs (infra/crds)`)
  }

  const hasStatus = (resource: Resource) => !withoutStatus.includes(resource.plural)

  /** What a manager asks for: no identity, and only the part that the (sub)resource accepts. */
  function fieldsOf(resource: Resource, object: Json, subresource?: 'status'): Json {
    if (subresource) return copy({ status: object.status })
    const { apiVersion: _, kind: __, ...fields } = copy(object)
    if (hasStatus(resource)) delete fields.status
    const metadata = { ...(fields.metadata as Json) }
    for (const key of SYSTEM) delete metadata[key]
    if (Object.keys(metadata).length > 0) fields.metadata = metadata
    else delete fields.metadata
    return fields
  }

  function apply(resource: Resource, object: KubeObject, subresource?: 'status'): KubeObject {
    const { name, namespace, uid, resourceVersion, managedFields } = object.metadata
    if (!name) throw new InvalidError(id, 'metadata.name: Required value')
    if (managedFields !== undefined) throw new InvalidError(id, 'metadata.managedFields must be nil')
    if (object.apiVersion !== apiVersionOf(resource) || object.kind !== resource.kind) {
      throw new InvalidError(id, `${object.kind} (${object.apiVersion}) is not of ${resource.plural}`)
    }
    const ref = refOf(resource, { name, ...(namespace ? { namespace } : {}) })
    const old = store.find(resource, ref)
    const wanted = fieldsOf(resource, object, subresource)
    const manager = subresource ? `${FIELD_MANAGER}|Apply|${subresource}` : `${FIELD_MANAGER}|Apply`
    if (!old) {
      if (subresource) throw new ConflictError(id, `${resource.plural} ${name} does not exist: it has no status`)
      store.checkPreconditions(undefined, { uid })
      const admitted = options.admit ? options.admit(resource, copy(wanted)) : wanted
      return store.create(resource, admitted, ref, new Map([[manager, leavesOf(wanted)]]), FIELD_MANAGER)
    }
    store.checkPreconditions(old, { uid, resourceVersion })
    const merged = mergeApplied(old.object, old.owners, wanted, manager)
    return store.replace(old, merged.object, merged.owners, FIELD_MANAGER)
  }

  function remove(
    resource: Resource,
    ref: ObjectRef,
    preconditions: Partial<Preconditions>,
    manager: string,
    { gracePeriodSeconds }: DeleteOptions = {},
  ): boolean {
    const old = store.find(resource, refOf(resource, ref))
    if (!old) return false
    store.checkPreconditions(old, preconditions)
    store.requestDelete(old, manager, gracePeriodSeconds)
    if (resource.plural === NAMESPACE.plural && options.namespaceDeletion === 'immediate') finalize(ref.name)
    return true
  }

  function finalize(namespace: string) {
    const found = store.find(NAMESPACE, { name: namespace })
    if (!found?.object.metadata.deletionTimestamp) throw new Error(`namespace ${namespace} is not terminating`)
    for (const table of store.kinds()) {
      for (const stored of [...table.values()]) {
        if (stored.object.metadata.namespace === namespace) store.remove(stored, 'namespace-controller')
      }
    }
    store.remove(found, 'namespace-controller')
  }

  function select(
    resource: Resource,
    { namespace, labelSelector: labels, fieldSelector: fields }: ListOptions,
  ): Stored[] {
    const tests: Matches[] = []
    try {
      if (labels) tests.push(labelSelector(labels))
      if (fields) tests.push(fieldSelector(fields, resource.plural))
    } catch (error) {
      throw new InvalidError(id, (error as Error).message)
    }
    const found: [string, Stored][] = []
    for (const [key, stored] of store.table(resource)) {
      if (namespace && resource.namespaced && stored.object.metadata.namespace !== namespace) continue
      if (tests.every((test) => test(stored.object))) found.push([key, stored])
    }
    return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stored]) => stored)
  }

  const user = createUser(
    { id, store, checkServed, hasStatus, ...(options.admit ? { admit: options.admit } : {}) },
    remove,
    ownersOfReplaced,
  )

  function client(intercept?: Intercept): MemoryCluster {
    async function call<T>(
      verb: Call['verb'],
      resource: Resource,
      ref: Partial<ObjectRef>,
      run: () => T,
      subresource?: 'status',
    ) {
      if (self.intercept) {
        const seen: Call = { verb, resource, namespace: ref.namespace ?? '', name: ref.name ?? '' }
        if (subresource) seen.subresource = subresource
        const fault = await self.intercept(seen)
        if (fault?.lost) run()
        if (fault) throw fault.error
      }
      checkServed(resource, subresource)
      return run()
    }

    const self: MemoryCluster = {
      id,
      user,
      uid: identity,
      intercept,
      listBreaksAfterPages: undefined,
      changes: store.changes,
      get revision() {
        return store.revision()
      },
      connect: client,
      finalize,
      peek: (resource, ref) => store.find(resource, refOf(resource, ref))?.object,
      all: (resource, namespace) => select(resource, namespace ? { namespace } : {}).map((stored) => stored.object),
      get: (resource, ref) =>
        call('get', resource, ref, () => copy(store.find(resource, refOf(resource, ref))?.object)),
      async *list(resource, options = {}) {
        const snapshot = await call('list', resource, options, () => select(resource, options))
        const limit = options.limit ?? 500
        for (let start = 0, pages = 0; start < snapshot.length; start += limit, pages++) {
          if (pages === self.listBreaksAfterPages)
            throw new ListBrokenError(id, 'the provided continue parameter is too old')
          yield snapshot.slice(start, start + limit).map((stored) => copy(stored.object))
        }
      },
      apply: (resource, object, subresource) =>
        call('apply', resource, object.metadata, () => copy(apply(resource, object, subresource)), subresource),
      delete: (resource, ref, preconditions, grace) =>
        call('delete', resource, ref, () =>
          remove(resource, ref, preconditions === UNREAD ? {} : preconditions, FIELD_MANAGER, grace),
        ),
    }
    return self
  }
  return client()
}

/** Cluster-scoped kinds have no namespace, whatever the caller says. */
function refOf(resource: Resource, ref: ObjectRef): ObjectRef {
  return resource.namespaced ? ref : { name: ref.name }
}

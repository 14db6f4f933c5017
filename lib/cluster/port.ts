/**
 * The port to one cluster: a few verbs over plain JSON. Engine, kinds and flows know this file only; `http.ts` is the
 * adapter to a real API server and `test/support/memory-cluster.ts` the one in memory. Both pass the same contract.
 */

/** A Kubernetes object as the wire has it: unknown fields included, times as RFC 3339 strings. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  [field: string]: unknown
}

export interface ObjectMeta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  creationTimestamp?: string
  deletionTimestamp?: string
  [field: string]: unknown
}

/** One kind as the API names it, e.g. `{ group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true }`. */
export interface Resource {
  group: string
  version: string
  plural: string
  kind: string
  namespaced: boolean
}

/** Where an object is; `namespace` is absent for cluster-scoped kinds. */
export interface ObjectRef {
  namespace?: string
  name: string
}

export interface ListOptions {
  namespace?: string
  /** Label selector in API syntax, e.g. `a=b,c in (d,e)`. */
  labelSelector?: string
  /** Field selector in API syntax, e.g. `metadata.name=offloading`. */
  fieldSelector?: string
  /** Objects a page at most; 500 unless told, and fewer where they are large. */
  limit?: number
}

/** Both are required: a delete without them could remove an object that nobody looked at. */
export interface Preconditions {
  uid: string
  resourceVersion: string
}

/**
 * In the place of preconditions: of an object that the functions have no right to read, so that its name alone must say
 * that it is ours.
 */
export const UNREAD = 'unread'

export interface DeleteOptions {
  /** Seconds that a pod is given to end; its own choice unless told. 0: it goes at once, whether it has ended or not. */
  gracePeriodSeconds?: number
}

export interface Cluster {
  /** ClusterID, e.g. `rome`. */
  readonly id: string

  /**
   * Reads one object, never from a cache of ours.
   * @returns undefined only when the API server itself says that this very object does not exist. A missing resource
   *   type, a refused or broken read is thrown (errors.ts): it is no proof of absence.
   */
  get(resource: Resource, ref: ObjectRef): Promise<KubeObject | undefined>

  /**
   * Pages of one consistent snapshot, in key order: bytewise by `namespace/name`, so that `a-b/x` comes before `a/x`.
   * Items carry apiVersion and kind.
   * @throws ListBrokenError when the snapshot expired between two pages; what came before is incomplete.
   */
  list(resource: Resource, options?: ListOptions): AsyncIterable<KubeObject[]>

  /**
   * Server-side apply with force as field manager `heliograph`. `metadata.uid` and `metadata.resourceVersion` in the
   * object are preconditions; `NOT_EXISTING` as resourceVersion makes it create-only.
   * @param subresource e.g. `status`
   * @returns the object as stored
   * @throws ConflictError when a precondition does not hold; also for the status of an object that does not exist
   */
  apply(resource: Resource, object: KubeObject, subresource?: 'status'): Promise<KubeObject>

  /**
   * Deletes with preconditions, or what may not be read without; background propagation.
   * @returns false when the object was gone already
   * @throws ConflictError when a precondition does not hold
   */
  delete(
    resource: Resource,
    ref: ObjectRef,
    preconditions: Preconditions | typeof UNREAD,
    options?: DeleteOptions,
  ): Promise<boolean>
}

/**
 * As `metadata.resourceVersion` of an apply: create, or fail with ConflictError when the object exists. No stored
 * object can have it (etcd's first write makes revision 2), and an apply that creates ignores resourceVersion.
 */
export const NOT_EXISTING = '1'

/** Field manager of every write. */
export const FIELD_MANAGER = 'heliograph'

/** Prefix of the User-Agent of every request; the webhook function drops audit events that carry it. */
export const USER_AGENT = 'heliograph/'

/** URL path of a collection or, with a name, of an object, e.g. `/api/v1/namespaces/shop/configmaps/cfg`. */
export function pathOf(resource: Resource, namespace?: string, name?: string, subresource?: string): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  const scope = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`
  return `${root}${scope}/${resource.plural}${object}${subresource ? `/${subresource}` : ''}`
}

/** apiVersion of a resource, e.g. `v1`, `apps/v1`. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
}

import type { ClusterError } from '../../lib/cluster/errors.ts'
import type { Cluster, KubeObject, ObjectRef, Resource } from '../../lib/cluster/port.ts'
import type { Json } from './memory-json.ts'
import type { Change } from './memory-store.ts'
import type { UserVerbs } from './memory-user.ts'

/** A call through the port, as `intercept` sees it before it is done. */
export interface Call {
  verb: 'get' | 'list' | 'apply' | 'delete'
  resource: Resource
  namespace: string
  /** Empty for a list. */
  name: string
  subresource?: 'status'
}

/** `lost`: the write is committed, then its answer is lost (throw after, not instead). */
export interface Fault {
  error: ClusterError
  lost?: boolean
}

/** Runs before each call: may wait (to interleave), and may answer with an error. */
export type Intercept = (call: Call) => undefined | Fault | Promise<undefined | Fault>

export interface MemoryOptions {
  /** ClusterID, e.g. `rome`; uids and the identity of the cluster derive from it. */
  id: string
  /** Kinds served besides Namespace; any when absent. */
  serves?: readonly Resource[]
  /** Plurals without a status subresource. */
  withoutStatus?: readonly string[]
  /** `immediate`: a deleted Namespace is emptied and gone at once; `manual` (default): `finalize` does it. */
  namespaceDeletion?: 'manual' | 'immediate'
  /** Defaulting and mutation at creation, as an API server or its webhooks do; gets a copy, returns what is stored. */
  admit?: (resource: Resource, object: Json) => Json
  /** RFC 3339, whole seconds; a fixed moment when absent. */
  now?: () => string
}

export interface MemoryCluster extends Cluster {
  /** Another client of the same store, with faults of its own. */
  connect(intercept?: Intercept): MemoryCluster
  /** Of this client only. */
  intercept: Intercept | undefined
  /** Of this client only: a paged list breaks (410) after so many pages. */
  listBreaksAfterPages: number | undefined
  /** What people and controllers do: another manager, no preconditions, no faults, synchronous. */
  readonly user: UserVerbs
  /** Every committed write since the start, in order (kube-system and default are there before). */
  readonly changes: readonly Change[]
  /** resourceVersion of the latest write. */
  readonly revision: string
  /** uid of the Namespace kube-system: the identity of the cluster. */
  readonly uid: string
  /** The stored version, no copy: read, never change. */
  peek(resource: Resource, ref: ObjectRef): KubeObject | undefined
  /** All stored objects of a kind in key order, no copies. */
  all(resource: Resource, namespace?: string): KubeObject[]
  /** Empties a terminating Namespace, finalizers or not, and removes it. */
  finalize(namespace: string): void
}

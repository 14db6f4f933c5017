import type { Cluster, KubeObject, ObjectRef, Resource } from '../../lib/cluster/port.ts'

/** What a contract test needs around the cluster under test. */
export interface ContractWorld {
  cluster: Cluster
  /** Same store, a credential without rights. */
  forbidden: Cluster
  /** Same store, a credential that is not accepted. */
  unauthorized: Cluster
  /** Nobody listens there. */
  unreachable: Cluster
  /** Writes as another field manager, without preconditions. */
  user: ContractUser
  stop(): Promise<void>
}

export interface ContractUser {
  create(resource: Resource, object: KubeObject): Promise<void>
  /** JSON merge patch. */
  merge(resource: Resource, ref: ObjectRef, patch: Record<string, unknown>): Promise<void>
  delete(resource: Resource, ref: ObjectRef): Promise<void>
}

/** Without it no pod of the namespace can be made. */
export function defaultAccount(namespace: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'default' } }
}

/** A kind that takes any field and has a status subresource: every world serves it. */
export const THING: Resource = {
  group: 'contract.heliograph.test',
  version: 'v1',
  plural: 'things',
  kind: 'Thing',
  namespaced: true,
}

/** Kinds that no world serves: the group is unknown, or the group is known and the resource is not. */
export const MISSING: readonly Resource[] = [
  { group: 'missing.heliograph.test', version: 'v1', plural: 'gaps', kind: 'Gap', namespaced: true },
  { group: 'contract.heliograph.test', version: 'v1', plural: 'gaps', kind: 'Gap', namespaced: true },
  { group: '', version: 'v1', plural: 'gaps', kind: 'Gap', namespaced: true },
]

export function thing(namespace: string, name: string, fields: Record<string, unknown> = {}): KubeObject {
  const { metadata, ...rest } = fields
  return {
    apiVersion: 'contract.heliograph.test/v1',
    kind: 'Thing',
    metadata: { namespace, name, ...(metadata as object) },
    ...rest,
  }
}

/** A pod that a scheduler has bound to a node, which takes 17 s to end. */
export function boundPod(namespace: string, name: string): KubeObject {
  const containers = [{ name: 'a', image: 'a' }]
  const spec = { nodeName: 'n', containers, terminationGracePeriodSeconds: 17, automountServiceAccountToken: false }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name }, spec }
}

export async function pagesOf(pages: AsyncIterable<KubeObject[]>): Promise<KubeObject[][]> {
  return await Array.fromAsync(pages)
}

export async function namesOf(pages: AsyncIterable<KubeObject[]>): Promise<string[]> {
  return (await pagesOf(pages)).flat().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
}

/** Metadata with the members that a guarded write takes from what it observed. */
export function guardOf({ metadata }: KubeObject): { uid: string; resourceVersion: string } {
  return { uid: metadata.uid as string, resourceVersion: metadata.resourceVersion as string }
}

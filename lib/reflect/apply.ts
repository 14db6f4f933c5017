import type { KubeObject } from '../cluster/port.ts'
import { NAMESPACE } from '../cluster/resources.ts'
import { clusterPrefix } from '../config/reader.ts'
import type { Kind } from '../kinds/kind.ts'
import { guarded } from './guard.ts'
import { IdentityError, identityOf, type Peering, sideOf } from './peering.ts'
import type { Verdict } from './plan.ts'
import { SOURCE_CLUSTER_UID } from './stamp.ts'

/**
 * Carries a verdict out, with every precondition that the API server can check: a create only where nothing is, an
 * update only of the target that was read, a delete only of that and only after the source cluster has proven to be
 * the one the target came from.
 * @returns the target if it was created
 * @throws ConflictError when the target changed meanwhile
 * @throws IdentityError when the source cluster is another one than before
 */
export async function apply(kind: Kind, peering: Peering, verdict: Verdict): Promise<KubeObject | undefined> {
  const cluster = sideOf(peering, kind.target.side)
  switch (verdict.do) {
    case 'create':
      return cluster.apply(kind.target.resource, guarded(verdict.desired, undefined))
    case 'update':
      await cluster.apply(kind.target.resource, guarded(verdict.desired, verdict.target))
      break
    case 'delete': {
      await proveIdentity(kind, peering, verdict.target)
      const { name, namespace, uid = '', resourceVersion = '' } = verdict.target.metadata
      const ref = namespace === undefined ? { name } : { namespace, name }
      await cluster.delete(kind.target.resource, ref, { uid, resourceVersion })
    }
  }
  return undefined
}

/**
 * That a source is absent counts only in the cluster it was reflected from: a ClusterID that now leads to an empty or
 * restored cluster must not delete anything. For a target without a stamp (one that Liqo made, or whose annotations
 * were removed) the stamp of its namespace answers.
 */
async function proveIdentity(kind: Kind, peering: Peering, target: KubeObject): Promise<void> {
  const source = sideOf(peering, kind.source.side)
  const stamp = originOf(target) ?? (await originOfNamespace(kind, peering, target))
  const actual = await identityOf(source, true)
  if (stamp === actual) return
  const what = `${kind.name} ${target.metadata.namespace ?? ''}/${target.metadata.name}`
  const variables = clusterPrefix(source.id)
  throw new IdentityError(
    stamp === undefined
      ? `${what} does not say which cluster it was reflected from, so it is not deleted; remove it by hand if it is not wanted`
      : `${what} was reflected from the cluster with kube-system uid ${stamp}, but ${source.id} is now ${actual}; check ${variables}…, or remove the copy by hand if that cluster is gone`,
  )
}

function originOf(object: KubeObject | undefined): string | undefined {
  return object?.metadata.annotations?.[SOURCE_CLUSTER_UID]
}

async function originOfNamespace(kind: Kind, peering: Peering, target: KubeObject): Promise<string | undefined> {
  const { namespace } = target.metadata
  if (namespace === undefined) return undefined
  return originOf(await sideOf(peering, kind.target.side).get(NAMESPACE, { name: namespace }))
}

import { ClusterError } from '../../lib/cluster/errors.ts'
import type { HttpCluster } from '../../lib/cluster/http.ts'
import { NAMESPACE } from '../../lib/cluster/resources.ts'
import type { Side } from '../../lib/kinds/kind.ts'
import type { Peering } from '../../lib/reflect/peering.ts'
import { rulesOf } from '../rbac.ts'

/**
 * Asks every cluster, before anything is started, whether it answers, knows the credential and allows what the
 * functions do.
 * @returns all problems, one line each with its remedy
 */
export async function preflight(peerings: readonly Peering[]): Promise<string[]> {
  const roles = new Map<HttpCluster, Set<Side>>()
  for (const { home, remote } of peerings) {
    for (const [cluster, side] of [[home, 'home'] as const, [remote, 'remote'] as const]) {
      const sides = roles.get(cluster as HttpCluster) ?? new Set()
      roles.set(cluster as HttpCluster, sides.add(side))
    }
  }
  const found = await Promise.all([...roles].map(([cluster, sides]) => problemsOf(cluster, sides)))
  return found.flat()
}

async function problemsOf(cluster: HttpCluster, sides: ReadonlySet<Side>): Promise<string[]> {
  try {
    await cluster.get(NAMESPACE, { name: 'kube-system' })
    const missing = await Promise.all([...sides].map((side) => missingRights(cluster, side)))
    return missing.flat()
  } catch (error) {
    if (error instanceof ClusterError) return [error.message]
    throw error
  }
}

async function missingRights(cluster: HttpCluster, side: Side): Promise<string[]> {
  const asked = rulesOf(side).flatMap((rule) => rule.verbs.map((verb) => ({ ...rule, verb })))
  const answers = await Promise.all(
    asked.map(async ({ resource, subresource, verb }) => {
      const attributes = { group: resource.group, resource: resource.plural, verb, ...(subresource && { subresource }) }
      const what = `${verb} ${resource.plural}${subresource ? `/${subresource}` : ''}`
      return (await mayDo(cluster, attributes)) ? [] : [what]
    }),
  )
  const missing = answers.flat()
  if (missing.length === 0) return []
  const remedy = `apply infra/rbac/${side}.yaml there and let the credential be of its group`
  return [`cluster ${cluster.id}: the credential may not ${missing.join(', ')}; ${remedy}`]
}

async function mayDo(cluster: HttpCluster, resourceAttributes: Record<string, string>): Promise<boolean> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  }
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  const { status, text } = await cluster.request('POST', path, { body: JSON.stringify(review), repeatable: true })
  if (status !== 201) throw new ReviewError(cluster.id, status)
  const answer = JSON.parse(text) as { status?: { allowed?: boolean } }
  return answer.status?.allowed === true
}

class ReviewError extends ClusterError {
  readonly retry = true

  constructor(cluster: string, status: number) {
    super(cluster, `a SelfSubjectAccessReview was answered ${status}; the credential's rights are unknown`)
  }
}

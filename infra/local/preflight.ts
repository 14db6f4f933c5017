import { ClusterError } from '../../lib/cluster/errors.ts'
import type { HttpCluster } from '../../lib/cluster/http.ts'
import { NAMESPACE } from '../../lib/cluster/resources.ts'
import type { Config } from '../../lib/config.ts'
import { NoNamespaceError, readNamespace } from '../../lib/flows/network/local.ts'
import type { ConnectedPeering } from '../../lib/peerings.ts'
import { useOf } from '../manifests/cluster.ts'
import { GROUP } from '../rbac.ts'
import { resourceOf, rightsOfAll, type Use } from '../rights.ts'

/**
 * Asks every cluster, before anything is started, whether it answers, knows the credential and allows what the
 * functions do.
 * @returns all problems, one line each with its remedy
 */
export async function preflight(config: Config, peerings: readonly ConnectedPeering[]): Promise<string[]> {
  const clusters = new Set(peerings.flatMap(({ home, remote }) => [home, remote]))
  const found = await Promise.all([...clusters].map((cluster) => problemsOf(cluster, useOf(config, cluster.id))))
  return found.flat()
}

async function problemsOf(cluster: HttpCluster, use: Use): Promise<string[]> {
  try {
    await cluster.get(NAMESPACE, { name: 'kube-system' })
    const isUnready = use.internal && !(await readNamespace(cluster))
    return [...(isUnready ? [new NoNamespaceError(cluster.id).message] : []), ...(await missingRights(cluster, use))]
  } catch (error) {
    if (error instanceof ClusterError) return [error.message]
    throw error
  }
}

async function missingRights(cluster: HttpCluster, use: Use): Promise<string[]> {
  const asked = rightsOfAll(use).flatMap((rule) => rule.verbs.map((verb) => ({ ...rule, verb })))
  const answers = await Promise.all(
    asked.map(async ({ resource, subresource, namespace, names: [name] = [], verb }) => {
      const place = { group: resource.group, resource: resource.plural, ...(namespace && { namespace }) }
      const attributes = { ...place, verb, ...(subresource && { subresource }) }
      const what = `${verb} ${resourceOf({ resource, ...(subresource && { subresource }) })}`
      return (await mayDo(cluster, { ...attributes, ...(name && { name }) })) ? [] : [what]
    }),
  )
  const missing = answers.flat()
  if (missing.length === 0) return []
  const remedy = `apply there what npm run manifests -- --cluster ${cluster.id} --events none prints, and let the credential be of its group "${GROUP}"`
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

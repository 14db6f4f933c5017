import { UnreachableError } from '../../cluster/errors.ts'
import type { HttpCluster } from '../../cluster/http.ts'
import { HttpError } from '../../handler/errors.ts'
import type { Caller } from './caller.ts'
import type { Route } from './route.ts'

/** 403: the home cluster says that the caller may not. */
export class MayNotError extends HttpError {
  readonly status = 403
}

const PATH = '/apis/authorization.k8s.io/v1/subjectaccessreviews'

/** HTTP methods in RBAC's words, as kubelets translate them. */
const VERBS: Readonly<Record<string, string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/**
 * Asks the home cluster whether the caller may do that to the node, as a kubelet does: `nodes/metrics` for metrics,
 * `nodes/proxy` for all else. kube-apiserver's user has it by the ClusterRole `system:kubelet-api-admin`, or as a master.
 * @param node its name; empty where the call is about no single one
 * @throws MayNotError, UnreachableError
 */
export async function requireAccess(
  home: Pick<HttpCluster, 'id' | 'request'>,
  { user, groups }: Caller,
  { method, ask }: { method: string; ask: Route['ask'] },
  node: string,
): Promise<void> {
  const verb = VERBS[method] ?? method.toLowerCase()
  const subresource = ask === 'metrics' ? 'metrics' : 'proxy'
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user,
      groups: [...groups, 'system:authenticated'],
      resourceAttributes: { verb, version: 'v1', resource: 'nodes', subresource, ...(node && { name: node }) },
    },
  }
  const { status, text } = await home.request('POST', PATH, { body: JSON.stringify(review), repeatable: true })
  if (status !== 201) throw new UnreachableError(home.id, `a SubjectAccessReview was answered with ${status}`)
  if (isAllowed(text)) return
  throw new MayNotError(
    `user ${user} may not ${verb} nodes/${subresource}${node && ` of ${node}`} in cluster ${home.id}`,
  )
}

function isAllowed(text: string): boolean {
  const { status } = JSON.parse(text) as { status?: { allowed?: unknown; denied?: unknown } }
  return status?.allowed === true && status.denied !== true
}

import {
  type ClusterError,
  ConflictError,
  ForbiddenError,
  InvalidError,
  KindMissingError,
  ListBrokenError,
  NamespaceMissingError,
  NamespaceTerminatingError,
  ThrottledError,
  UnauthorizedError,
  UndeclaredError,
  UnreachableError,
} from './errors.ts'
import { apiVersionOf, type Resource } from './port.ts'
import type { Reply } from './wire.ts'

/** What was asked, in RBAC's words. */
export interface Attempt {
  verb: 'get' | 'list' | 'create' | 'patch' | 'delete'
  resource: Resource
  namespace?: string | undefined
  name?: string | undefined
  subresource?: string | undefined
}

/** metav1.Status, as far as it is read. */
interface Status {
  kind?: string
  message?: string
  reason?: string
  details?: {
    name?: string
    group?: string
    kind?: string
    retryAfterSeconds?: number
    causes?: { reason?: string; message?: string; field?: string }[]
  }
}

/** Message lines go into logs and Events: one line, of a bounded length. */
const LONGEST_MESSAGE = 600

function statusOf({ text }: Reply): Status {
  try {
    const parsed: unknown = JSON.parse(text)
    const status = typeof parsed === 'object' && parsed !== null ? (parsed as Status) : {}
    return status.kind === 'Status' ? status : {}
  } catch {
    return {}
  }
}

/**
 * Whether a 404 says that this very object does not exist. Everything else that answers 404 (a kind without CRD, an
 * aggregated API, a proxy, a namespace) says nothing about the object.
 */
export function isAbsent(reply: Reply, { resource, name }: Attempt): boolean {
  if (reply.status !== 404) return false
  const { reason, details } = statusOf(reply)
  if (reason !== 'NotFound' || !name || details?.name !== name) return false
  return (details.kind ?? resource.plural) === resource.plural && (details.group ?? resource.group) === resource.group
}

/** What etcd and its client say of an object over their limits (1.5 MiB, 2 MiB); the API server passes it on as a 500. */
const TOO_LARGE = /request is too large|message larger than max/

/** The typed error of an answer that is no success. Its message has no content of the request. */
export function failureOf(id: string, attempt: Attempt, reply: Reply): ClusterError {
  const status = statusOf(reply)
  const { resource, namespace, verb } = attempt
  const what = describe(attempt)
  const said = explain(status, resource)
  if (reply.status === 422 && status.details?.causes?.some(({ field }) => field === 'metadata.uid')) {
    // An apply to an object of another uid: the API server calls it a change of an immutable field.
    return new ConflictError(id, `${what} is not the object that was observed: its uid differs`)
  }
  if (reply.status === 500 && status.message?.startsWith('failed to create typed patch object')) {
    // A field that this API server's version of the kind does not have: it says so with a 500.
    const refused = `${verb} ${what} is refused by the schema of the kind${said}`
    const fields = undeclaredIn(status.message)
    return fields.length > 0 ? new UndeclaredError(id, refused, fields) : new InvalidError(id, refused)
  }
  if (reply.status === 500 && TOO_LARGE.test(status.message ?? '')) {
    return new InvalidError(id, `${verb} ${what} is refused: with what is added to it, it is too large to be stored`)
  }
  switch (reply.status) {
    case 400:
    case 405:
    case 406:
    case 413:
    case 415:
    case 422:
      return new InvalidError(id, `${verb} ${what} is refused as invalid${said}`)
    case 401: {
      const variables = `CLUSTER_${id.toUpperCase().replaceAll('-', '_')}_`
      const hint = `check ${variables}KUBECONFIG, or ${variables}SERVER and ${variables}TOKEN, or on EKS ${variables}EKS_NAME and the access entry of the function's role`
      return new UnauthorizedError(id, `the API server does not accept the credential (expired or wrong): ${hint}`)
    }
    case 403:
      if (status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating')) {
        return new NamespaceTerminatingError(id, `namespace ${namespace} is being terminated: ${what} is not created`)
      }
      return new ForbiddenError(id, forbidden(attempt, status, said))
    case 404:
      return notFound(id, attempt, status, reply, what)
    case 409:
      return new ConflictError(id, `${verb} ${what} conflicts with what is there${said}`)
    case 410:
      return new ListBrokenError(id, `the snapshot of ${what} expired before its last page`)
  }
  const seconds = Number(reply.headers['retry-after'] ?? status.details?.retryAfterSeconds)
  if (reply.status === 429 || reply.status === 503 || (reply.status >= 500 && seconds > 0)) {
    const wait = seconds > 0 ? seconds : 1
    return new ThrottledError(id, `${verb} ${what} is to be asked again in ${wait} s (${reply.status})${said}`, wait)
  }
  return new UnreachableError(id, `${verb} ${what} got an unusable answer (${reply.status})${said}`)
}

/** Characters of a message that are searched: names of fields come from other clusters. */
const MOST_SEARCHED = 4096

/** Item of a list in the path of a field, by its place or its keys, e.g. `[0]`, `[type="Ready"]`. */
const ITEM = /\[(?:[^"\]]|"(?:[^"\\]|\\.)*")*\]/.source
const UNDECLARED = new RegExp(`((?:\\.[^\\s.:[\\]]+|${ITEM})+): field not declared in schema`, 'g')

function undeclaredIn(message: string): string[] {
  const found = message.slice(0, MOST_SEARCHED).matchAll(UNDECLARED)
  return [...found].map(([, path = '']) => path.replaceAll(new RegExp(ITEM, 'g'), '[]'))
}

function notFound(id: string, attempt: Attempt, { details }: Status, reply: Reply, what: string): ClusterError {
  const { resource, namespace } = attempt
  if (resource.namespaced && namespace && details?.kind === 'namespaces' && details.name === namespace) {
    return new NamespaceMissingError(id, `namespace ${namespace} does not exist: ${what} is not created`)
  }
  if (isAbsent(reply, attempt)) return new ConflictError(id, `${what} does not exist any more`)
  const kind = `${resource.kind} (${apiVersionOf(resource)}, ${pluralOf(attempt)})`
  return new KindMissingError(id, `the API server does not serve ${kind}: apply the CRDs of Heliograph (infra/crds)`)
}

function forbidden(attempt: Attempt, { message = '' }: Status, said: string): string {
  // An apply that creates needs `create`, too: the API server knows which right it missed.
  const missed = / cannot (\w+) resource /.exec(message)?.[1]
  const what = describe(attempt)
  if (!missed && message) return `${attempt.verb} ${what} is refused by admission or policy${said}`
  const right = missed ?? attempt.verb
  const grant = `apply the manifests of this cluster (npm run manifests) or grant ${right} on ${pluralOf(attempt)}`
  return `forbidden to ${right} ${what}: ${grant}`
}

function pluralOf({ resource, subresource }: Attempt): string {
  const group = resource.group === '' ? '' : `.${resource.group}`
  return `${resource.plural}${group}${subresource ? `/${subresource}` : ''}`
}

/** `configmaps in namespace shop`, `shadowpods.offloading.liqo.io/status in namespace shop`. */
function describe(attempt: Attempt): string {
  const { resource, namespace } = attempt
  return `${pluralOf(attempt)}${resource.namespaced && namespace ? ` in namespace ${namespace}` : ''}`
}

/** What the API server said. About a Secret only the fields: validation messages quote the value they refuse. */
function explain({ message, reason, details }: Status, { kind }: Resource): string {
  const fields = details?.causes?.flatMap(({ field }) => field ?? []).join(', ')
  const text = kind === 'Secret' ? [reason, fields].filter(Boolean).join(': ') : message
  return text ? `: ${text.replace(/\s+/g, ' ').slice(0, LONGEST_MESSAGE)}` : ''
}

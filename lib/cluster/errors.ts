/**
 * What a cluster can answer besides success, one class per thing the caller must do.
 * `retry`: the same call may succeed later (redeliver). Otherwise a person has to act; the message says how.
 * None of them carries a body or header of the request: those hold Secrets and tokens.
 */
export abstract class ClusterError extends Error {
  abstract readonly retry: boolean
  readonly cluster: string

  constructor(cluster: string, message: string, options?: ErrorOptions) {
    super(`cluster ${cluster}: ${message}`, options)
    this.name = new.target.name
    this.cluster = cluster
  }
}

/** A precondition (uid, resourceVersion) did not hold: observe again. */
export class ConflictError extends ClusterError {
  readonly retry = true
}

/** No usable answer: refused connection, time-out, TLS failure, 5xx. */
export class UnreachableError extends ClusterError {
  readonly retry = true
}

/** 429, or 503 with Retry-After. */
export class ThrottledError extends ClusterError {
  readonly retry = true
  /** Seconds the API server asks to wait. */
  readonly retryAfterSeconds: number

  constructor(cluster: string, message: string, retryAfterSeconds: number) {
    super(cluster, message)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** The snapshot of a paged list expired (410) or a page was malformed: start over. */
export class ListBrokenError extends ClusterError {
  readonly retry = true
}

/** 401: the credential is missing, wrong or expired. A person has to renew it, after which a redelivery succeeds. */
export class UnauthorizedError extends ClusterError {
  readonly retry = true
}

/** 403 by RBAC or an admission policy. */
export class ForbiddenError extends ClusterError {
  readonly retry = false
}

/** The namespace that the object should be created in is being deleted. */
export class NamespaceTerminatingError extends ClusterError {
  readonly retry = true
}

/** The namespace that the object should be created in does not exist. */
export class NamespaceMissingError extends ClusterError {
  readonly retry = true
}

/** The API server does not serve this kind: its CRD is missing. */
export class KindMissingError extends ClusterError {
  readonly retry = false
}

/** 400, 413 or 422: the API server refuses this object. */
export class InvalidError extends ClusterError {
  readonly retry = false
}

/** The API server's version of the kind does not declare some of the fields of this object, and refuses all of it. */
export class UndeclaredError extends InvalidError {
  /** Some of them, list items without their keys, e.g. `.status.conditions[].later`. */
  readonly fields: readonly string[]

  constructor(cluster: string, message: string, fields: readonly string[]) {
    super(cluster, message)
    this.fields = fields
  }
}

/** A new remote namespace does not hold yet all it should. */
export class UnfilledError extends ClusterError {
  readonly retry = true
}

/** The configured credential cannot be used: kubeconfig missing or broken, unknown context, exec plugin not found. */
export class CredentialsError extends ClusterError {
  readonly retry = false
}

/** The credential is kept elsewhere and cannot be read from there now. */
export class CredentialsUnreadableError extends ClusterError {
  readonly retry = true
}

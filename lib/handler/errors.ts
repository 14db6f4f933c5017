/**
 * Requests that are refused: one class per cause. Messages name the field and the expected form, never a value, as they
 * are both answered and logged. Sending the same request again does not help, hence `retry` is false for all of them.
 */
export abstract class HttpError extends Error {
  abstract readonly status: number
  readonly retry = false

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }

  /** Headers of the answer. */
  get headers(): Readonly<Record<string, string>> {
    return {}
  }
}

/** 400: not JSON, not gzip, or a field is missing or of another type. */
export class MalformedError extends HttpError {
  readonly status = 400
}

/** 401: no credential, or one that no cluster has. Deliberately not said which. */
export class UnauthenticatedError extends HttpError {
  readonly status = 401

  constructor() {
    super('a valid credential is required: Authorization: Bearer <token>')
  }

  override get headers() {
    return { 'www-authenticate': 'Bearer' }
  }
}

/** 405 */
export class MethodError extends HttpError {
  readonly status = 405

  constructor() {
    super('method: expected POST')
  }

  override get headers() {
    return { allow: 'POST' }
  }
}

/** 413: more bytes or items than one call may have. */
export class TooLargeError extends HttpError {
  readonly status = 413
}

/** 415: a content type or encoding that is not known here. */
export class MediaTypeError extends HttpError {
  readonly status = 415
}

/**
 * Stands for an error that is not ours when it has to leave the function: the platform prints what is thrown, and a raw
 * error may hold a body or headers.
 */
export class UnexpectedError extends Error {
  readonly retry = true

  constructor(cause: unknown) {
    super(`unexpected ${cause instanceof Error ? cause.name : typeof cause}; the log line before has the frames`, {
      cause,
    })
    this.name = new.target.name
  }
}

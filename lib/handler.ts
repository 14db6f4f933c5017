import middy, { type MiddlewareObj } from '@middy/core'
import type { Context } from 'aws-lambda'
import { HttpError, UnexpectedError } from './handler/errors.ts'
import { type HttpRequest, type HttpResponse, toRequest, toResponse } from './handler/http.ts'
import { errorFields, isOurs, type Log } from './log.ts'

/** What a function gets besides its event; the platform's context has more, and nothing of it is needed. */
export type Invocation = Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis'>

/** A function as the platform calls it. Two parameters: Node 24's runtime refuses three (the callback form). */
export type Handler<R> = (event: unknown, context: Invocation) => Promise<R>

/**
 * A function that events wake (the bus, a schedule, a log subscription). An error becomes one log line; `retry` of it
 * decides what the platform hears: thrown again, so that it delivers once more, or given up with `null`, as repeating
 * would not help. Errors that are not ours are thrown again, wrapped.
 */
export function eventHandler<R>(
  log: Log,
  run: (event: unknown, invocation: Invocation) => Promise<R>,
): Handler<R | null> {
  return stack(run, [{ onError: logged(log) }, { onError: thrownIfRetry }])
}

/**
 * A function behind HTTP. What `run` returns is answered as JSON with 200; a refused request with its own status; 503
 * with Retry-After for an error that may pass, as the API server then sends the same again; 500 for what is left.
 */
export function httpHandler(
  log: Log,
  run: (request: HttpRequest, invocation: Invocation) => Promise<unknown>,
): Handler<HttpResponse> {
  return stack(
    async (event, invocation) => toResponse(200, await run(toRequest(event), invocation)),
    [{ onError: logged(log) }, { onError: answered }],
  )
}

/** One function for several events: the first row whose `is` holds is run, the last one whatever comes. */
export function byShape<R>(rows: readonly { is: (event: unknown) => boolean; handler: Handler<R> }[]): Handler<R> {
  return (event, context) => (rows.find((row) => row.is(event)) ?? rows.at(-1)!).handler(event, context)
}

function stack<R>(
  run: (event: unknown, invocation: Invocation) => Promise<R>,
  middlewares: MiddlewareObj[],
): Handler<R> {
  // middy runs onError in reverse order of use, so that the first of the list is the innermost.
  const wrapped = middy(run as Parameters<typeof middy>[0]).use(middlewares.toReversed())
  return (event, context) => wrapped(event, context as Context) as Promise<R>
}

type Failed = Parameters<NonNullable<MiddlewareObj['onError']>>[0]

function logged(log: Log) {
  return ({ error }: Failed) => {
    const level = error instanceof HttpError ? 'warn' : 'error'
    log[level]('failed', errorFields(error))
  }
}

/** Sets rather than throws: middy would hang the raw error on the thrown one, and the platform print both. */
function thrownIfRetry(request: Failed): void {
  if (!isOurs(request.error)) request.error = new UnexpectedError(request.error)
  else if (!request.error.retry) request.response = null
}

/** Seconds; the API server's client waits as long before it repeats. */
const RETRY_AFTER = '2'

function answered(request: Failed): void {
  request.response = toErrorResponse(request.error)
}

function toErrorResponse(error: unknown): HttpResponse {
  if (error instanceof HttpError) return toResponse(error.status, { error: error.message }, error.headers)
  if (isOurs(error) && error.retry) return toResponse(503, { error: error.name }, { 'retry-after': RETRY_AFTER })
  return toResponse(500, { error: 'unexpected' })
}

/** What Lambda's Invoke answers, plus what the host measured. */
export interface Invocation {
  requestId: string
  /** JSON text: the handler's return value, or `{errorType, errorMessage, trace?}` with `functionError`. */
  payload: string
  /** Present when the function failed: thrown error, init error, timeout or crash. Lambda calls all of them so. */
  functionError?: 'Unhandled'
  /** Time in the sandbox in ms, without the wait for one. */
  ms: number
  /** True when this invocation waited for a new sandbox to start. */
  cold: boolean
}

/** The error as Lambda's payload has it. */
export interface FunctionError {
  errorType: string
  errorMessage: string
  trace?: string[]
}

/** Largest synchronous response, in bytes. */
export const MAX_RESPONSE = 6 * 1024 * 1024

/** The text of a failed invocation's error, `Type: message`; for messages and the dead-letter queue. */
export function errorText({ payload }: Pick<Invocation, 'payload'>): string {
  const { errorType, errorMessage } = JSON.parse(payload) as Partial<FunctionError>
  return [errorType, errorMessage].filter(Boolean).join(': ') || 'unknown error'
}

/** Error payloads that Lambda itself makes, by their cause, in its words. */
export const platformError = {
  timeout: (requestId: string, ms: number): FunctionError => ({
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${(ms / 1000).toFixed(2)} seconds`,
  }),
  exit: (requestId: string, reason: string): FunctionError => ({
    errorType: 'Runtime.ExitError',
    errorMessage: `RequestId: ${requestId} Error: ${reason}`,
  }),
  tooLarge: (bytes: number): FunctionError => ({
    errorType: 'Function.ResponseSizeTooLarge',
    errorMessage: `Response payload size (${bytes} bytes) exceeded maximum allowed payload size (${MAX_RESPONSE} bytes).`,
  }),
}

import { randomUUID } from 'node:crypto'
import { errorText, type Invocation } from '../runtime/outcome.ts'
import type { LetterMessage } from './letters.ts'
import { backoff, exhausted, type RetryPolicy } from './retry.ts'

/** Who sends: a rule or a schedule, with what EventBridge does when Lambda does not take the event. */
export interface Sender {
  arn: string
  retry: RetryPolicy
  /** Name of its dead-letter queue. */
  deadLetters?: string
}

/** What receives: a function, with what Lambda does when it fails. */
export interface Target {
  name: string
  arn: string
  retry: RetryPolicy
  /** Name of the queue of the function's onFailure destination. */
  deadLetters?: string
}

/**
 * A failed try: the function's error, or Lambda has no concurrency left for the function and keeps the event, or Lambda
 * did not take the event.
 */
export type Failure = { answer: Invocation } | { throttle: Error } | { refusal: Error }

/** Failed tries by cause: the function, its concurrency, the handover to Lambda. */
export type Failures = Record<Cause, number>
type Cause = 'function' | 'throttle' | 'handover'

/** Where one delivery stands after a failed try. */
export interface Standing {
  from: Sender
  to: Target
  /** The event, JSON text. */
  payload: string
  failure: Failure
  failures: Failures
  /** ms since the event was accepted. */
  age: number
}

/** First waits in ms: after the function failed, after Lambda had no room for the event or did not take it. */
export interface Backoffs {
  function: number
  handover: number
}

/** Try again after `wait` ms, or give up: into a queue, or into nothing when there is none. */
export type Step = { wait: number } | { letter: LetterMessage | undefined }

/**
 * What follows a failed try. The two services have separate limits: EventBridge's retry policy and dead-letter queue
 * are for events that Lambda does not take; what the function itself fails at is Lambda's to retry (twice at most) and
 * goes to the function's onFailure destination. A throttled event counts as no try of the function: it waits for as
 * long as Lambda keeps events of this function.
 */
export function decide(standing: Standing, backoffs: Backoffs, random: number): Step {
  const { from, to, failure, failures, age } = standing
  const cause = causeOf(failure)
  const policies: Record<Cause, RetryPolicy> = {
    function: to.retry,
    throttle: { ...to.retry, attempts: Number.POSITIVE_INFINITY },
    handover: from.retry,
  }
  const end = exhausted(policies[cause], failures[cause], age)
  if (!end) return { wait: backoff(failures[cause], backoffs[cause === 'function' ? cause : 'handover'], random) }
  return { letter: cause === 'handover' ? handover(standing, end) : destination(standing, end) }
}

export function causeOf(failure: Failure): Cause {
  if ('answer' in failure) return 'function'
  return 'throttle' in failure ? 'throttle' : 'handover'
}

/** The letter for an event that was pending when the host stopped: it can be sent again like any other. */
export function stopped(standing: Standing): LetterMessage {
  const { from, to } = standing
  return { queue: to.deadLetters ?? from.deadLetters ?? 'stopped', ...fromBus(standing, 'HostStopped') }
}

/** The error of a failed try, for people. */
export function failureText(failure: Failure): string {
  if ('answer' in failure) return errorText(failure.answer)
  return ('throttle' in failure ? failure.throttle : failure.refusal).message
}

function handover(standing: Standing, end: 'attempts' | 'age'): LetterMessage | undefined {
  const queue = standing.from.deadLetters
  const condition = end === 'attempts' ? 'MaximumRetryAttempts' : 'MaximumEventAgeInSeconds'
  return queue ? { queue, ...fromBus(standing, condition) } : undefined
}

function fromBus({ from, to, payload, failure, failures }: Standing, condition: string): Omit<LetterMessage, 'queue'> {
  return {
    attributes: {
      RULE_ARN: from.arn,
      TARGET_ARN: to.arn,
      ERROR_CODE: CODES[causeOf(failure)],
      ERROR_MESSAGE: failureText(failure),
      EXHAUSTED_RETRY_CONDITION: condition,
      RETRY_ATTEMPTS: String(failures.function + failures.throttle + failures.handover - 1),
    },
    body: payload,
  }
}

const CODES: Record<Cause, string> = {
  function: 'FUNCTION_ERROR',
  throttle: 'THROTTLING',
  handover: 'SDK_CLIENT_ERROR',
}

/** The invocation record of a Lambda destination; without a response where the last try was throttled. */
function destination({ to, payload, failure, failures }: Standing, end: 'attempts' | 'age'): LetterMessage | undefined {
  const answer = 'answer' in failure ? failure.answer : undefined
  const record = {
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId: answer?.requestId ?? randomUUID(),
      functionArn: `${to.arn}:$LATEST`,
      condition: end === 'attempts' ? 'RetriesExhausted' : 'EventAgeExceeded',
      approximateInvokeCount: failures.function,
    },
    requestPayload: JSON.parse(payload),
    ...(answer && {
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: answer.functionError },
      responsePayload: JSON.parse(answer.payload),
    }),
  }
  return to.deadLetters ? { queue: to.deadLetters, attributes: {}, body: JSON.stringify(record) } : undefined
}

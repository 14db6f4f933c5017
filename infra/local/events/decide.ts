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

/** A failed try: the function's error, or Lambda did not take the event. */
export type Failure = { answer: Invocation } | { refusal: Error }

/** Where one delivery stands after a failed try. */
export interface Standing {
  from: Sender
  to: Target
  /** The event, JSON text. */
  payload: string
  failure: Failure
  /** Failed tries so far: of the function, of the handover. */
  failures: { function: number; handover: number }
  /** ms since the event was accepted. */
  age: number
}

/** First waits in ms: after the function failed, after Lambda did not take the event. */
export interface Backoffs {
  function: number
  handover: number
}

/** Try again after `wait` ms, or give up: into a queue, or into nothing when there is none. */
export type Step = { wait: number } | { letter: LetterMessage | undefined }

/**
 * What follows a failed try. The two services have separate limits: EventBridge's retry policy and dead-letter queue
 * are for events that Lambda does not take; what the function itself fails at is Lambda's to retry (twice at most) and
 * goes to the function's onFailure destination.
 */
export function decide(standing: Standing, backoffs: Backoffs, random: number): Step {
  const { from, to, failure, failures, age } = standing
  const [policy, count, base] =
    'answer' in failure
      ? [to.retry, failures.function, backoffs.function]
      : [from.retry, failures.handover, backoffs.handover]
  const end = exhausted(policy, count, age)
  if (!end) return { wait: backoff(count, base, random) }
  return { letter: 'answer' in failure ? destination(standing, failure.answer, end) : handover(standing, end) }
}

/** The letter for an event that was pending when the host stopped: it can be sent again like any other. */
export function stopped(standing: Standing): LetterMessage {
  const { from, to } = standing
  return { queue: to.deadLetters ?? from.deadLetters ?? 'stopped', ...fromBus(standing, 'HostStopped') }
}

/** The error of a failed try, for people. */
export const failureText = (failure: Failure) =>
  'answer' in failure ? errorText(failure.answer) : failure.refusal.message

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
      ERROR_CODE: 'answer' in failure ? 'FUNCTION_ERROR' : 'SDK_CLIENT_ERROR',
      ERROR_MESSAGE: failureText(failure),
      EXHAUSTED_RETRY_CONDITION: condition,
      RETRY_ATTEMPTS: String(failures.function + failures.handover - 1),
    },
    body: payload,
  }
}

/** The invocation record of a Lambda destination. */
function destination(standing: Standing, answer: Invocation, end: 'attempts' | 'age'): LetterMessage | undefined {
  const { to, payload, failures } = standing
  const record = {
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId: answer.requestId,
      functionArn: `${to.arn}:$LATEST`,
      condition: end === 'attempts' ? 'RetriesExhausted' : 'EventAgeExceeded',
      approximateInvokeCount: failures.function,
    },
    requestPayload: JSON.parse(payload),
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: answer.functionError },
    responsePayload: JSON.parse(answer.payload),
  }
  return to.deadLetters ? { queue: to.deadLetters, attributes: {}, body: JSON.stringify(record) } : undefined
}

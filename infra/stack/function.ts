import type { Intrinsic, Statement } from './cloudformation.ts'
import type { Purpose } from './environment.ts'
import type { StageSettings } from './settings.ts'

/** A function of the stack. */
export interface StackFunction {
  /** As osls takes it, under `functions`. */
  lambda: Lambda
  /** Name of its code, `functions/<bundle>.ts`. */
  bundle: string
  /** How often it is woken without an event, e.g. `rate(1 minute)`. */
  every?: string
  /** Secrets of the clusters that it gets. */
  secrets: readonly Purpose[]
  /** What its role may do besides writing its log, using its queues and reading its secrets. */
  may?: readonly Statement[]
}

/** The part of osls's function that is used here. */
export interface Lambda {
  handler: string
  description: string
  package: { patterns: readonly string[] }
  environment?: Readonly<Record<string, string | Intrinsic>>
  /** MB; 256 unless told. */
  memorySize?: number
  /** Seconds; 30 unless told. */
  timeout?: number
  reservedConcurrency?: number
  url?: true | { invokeMode: 'RESPONSE_STREAM' }
  vpc?: StageSettings['vpc']
  /** Of what nobody waits for. */
  maximumRetryAttempts?: number
  maximumEventAge?: number
  destinations?: { onFailure: { type: 'sqs'; arn: Intrinsic } }
  events?: readonly (RuleEvent | QueueEvent | LogEvent)[]
}

export interface RuleEvent {
  eventBridge: {
    eventBus: Intrinsic
    pattern: object
    retryPolicy: { maximumRetryAttempts: number; maximumEventAge: number }
    deadLetterQueueArn: Intrinsic
  }
}

interface QueueEvent {
  sqs: { arn: Intrinsic; batchSize: number }
}

interface LogEvent {
  cloudwatchLog: { logGroup: string; filter: string }
}

/** A function before the settings of a stage are known. */
export type Row = Omit<Lambda, 'handler' | 'package' | 'vpc'> & Omit<StackFunction, 'lambda' | 'bundle'>

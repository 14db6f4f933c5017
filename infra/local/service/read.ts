import { readFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { arnOf, logicalId } from '../../stack/cloudformation.ts'
import type { Rule } from '../events/bus.ts'
import type { Place } from '../events/event.ts'
import type { RetryPolicy } from '../events/retry.ts'
import type { Poller, Queue } from '../queues/queue.ts'
import { type EventEntry, type FunctionEntry, type ServerlessFile, schedule, serverlessFile } from './file.ts'
import { nameOf, resolver } from './intrinsic.ts'
import { parseServerless } from './yaml.ts'

/** Account numbers of documentation. */
const ACCOUNT = '123456789012'

/** A function as serverless.yml declares it. */
export interface ServiceFunction {
  /** Key under `functions`, and the ARN of the name it gets on AWS, `<service>-<stage>-<key>`. */
  name: string
  arn: string
  /** Folder of its code under `dist`, and `file.export` in it. */
  bundle: string
  handler: string
  /** MB. */
  memory: number
  /** ms. */
  timeout: number
  /** Most invocations at a time; 0: none is taken. */
  reservedConcurrency?: number
  environment: Record<string, string>
  /** Of asynchronous invocations. */
  retry: RetryPolicy
  /** Name of the queue of the onFailure destination. */
  deadLetters?: string
  /** Has a Function URL. */
  url: boolean
  /** Its Function URL hands responses on as they are written. */
  streams: boolean
}

/** An httpApi route, `POST /path` or `*`. */
export interface Route {
  key: string
  target: string
}

export interface Schedule {
  arn: string
  /** Name of its dead-letter queue. */
  deadLetters?: string
  /** `rate(…)`, `cron(…)` or `at(…)`. */
  expression: string
  timezone: string
  target: string
  /** Of the schedule, when Lambda does not take the event. */
  retry: RetryPolicy
  input?: unknown
}

/** All of serverless.yml that matters locally, references resolved. */
export interface Service extends Place {
  name: string
  stage: string
  functions: ServiceFunction[]
  rules: Rule[]
  routes: Route[]
  schedules: Schedule[]
  queues: Queue[]
  pollers: Poller[]
}

/**
 * @param options what parseServerless takes besides the text
 * @throws Error naming file and place of what is not valid or not understood
 */
export async function readService(path: string, options?: Parameters<typeof parseServerless>[1]): Promise<Service> {
  const parsed = serverlessFile.safeParse(parseServerless(await readFile(path, 'utf8'), options))
  if (!parsed.success) throw new Error(`${path}:\n${z.prettifyError(parsed.error)}`)
  return toService(parsed.data)
}

export function toService(file: ServerlessFile): Service {
  const place = { account: ACCOUNT, region: file.provider.region }
  const resolve = resolver(file, place)
  const queue = (arn: unknown) => (arn === undefined ? {} : { deadLetters: nameOf(String(resolve(arn))) })
  const prefix = `${file.service}-${file.provider.stage}`
  const functions = Object.entries(file.functions)
  const resources = Object.entries(file.resources.Resources)

  const toFunction = ([name, entry]: [string, FunctionEntry]): ServiceFunction => {
    const environment = Object.entries({ ...file.provider.environment, ...entry.environment })
    return {
      name,
      arn: `arn:aws:lambda:${place.region}:${ACCOUNT}:function:${prefix}-${name}`,
      bundle: entry.handler.split('/').at(-2) ?? name,
      handler: entry.handler.slice(entry.handler.lastIndexOf('/') + 1),
      memory: entry.memorySize ?? file.provider.memorySize,
      timeout: (entry.timeout ?? file.provider.timeout) * 1000,
      ...(entry.reservedConcurrency !== undefined && { reservedConcurrency: entry.reservedConcurrency }),
      environment: Object.fromEntries(environment.map(([key, value]) => [key, String(resolve(value))])),
      retry: { attempts: entry.maximumRetryAttempts, age: entry.maximumEventAge },
      ...queue(entry.destinations.onFailure?.arn),
      url: entry.url !== false,
      streams: typeof entry.url === 'object' && entry.url.invokeMode === 'RESPONSE_STREAM',
    }
  }
  const toSchedule = (id: string, properties: z.infer<typeof schedule>): Schedule => {
    const { ScheduleExpression, ScheduleExpressionTimezone, Target } = properties
    const { Arn, Input, RetryPolicy, DeadLetterConfig } = Target
    return {
      arn: `arn:aws:scheduler:${place.region}:${ACCOUNT}:schedule/default/${prefix}-${id}`,
      expression: ScheduleExpression,
      timezone: ScheduleExpressionTimezone,
      target: targetOf(id, Arn),
      retry: { attempts: RetryPolicy.MaximumRetryAttempts, age: RetryPolicy.MaximumEventAgeInSeconds },
      ...queue(DeadLetterConfig?.Arn),
      ...(Input !== undefined && { input: JSON.parse(Input) }),
    }
  }
  /** The function that a schedule names by its logical ID. */
  const targetOf = (id: string, arn: unknown): string => {
    const [target] = functions.find(([name]) => isDeepStrictEqual(arn, arnOf(logicalId(name, 'LambdaFunction')))) ?? []
    if (target === undefined) throw new Error(`serverless.yml: the target of ${id} is not one of the functions`)
    return target
  }
  const eachEvent = <T>(found: (target: string, event: EventEntry, nth: number) => T[]): T[] =>
    functions.flatMap(([name, { events }]) => events.flatMap((event, at) => found(name, event, at + 1)))

  return {
    name: file.service,
    stage: file.provider.stage,
    ...place,
    functions: functions.map(toFunction),
    rules: eachEvent((target, event, nth) => {
      if (!('eventBridge' in event) || !event.eventBridge.enabled) return []
      const { eventBus, pattern, retryPolicy, deadLetterQueueArn } = event.eventBridge
      const name = `${prefix}-${target}-rule-${nth}`
      const bus = eventBus === undefined ? 'default' : nameOf(String(resolve(eventBus)))
      const arn = `arn:aws:events:${place.region}:${ACCOUNT}:rule/${bus === 'default' ? '' : `${bus}/`}${name}`
      const retry = { attempts: retryPolicy.maximumRetryAttempts, age: retryPolicy.maximumEventAge }
      return [{ name, arn, bus, pattern, target, retry, ...queue(deadLetterQueueArn) }]
    }),
    routes: eachEvent((target, event) => ('httpApi' in event ? [{ key: event.httpApi, target }] : [])),
    queues: resources.flatMap(([id, { Type, Properties }]) =>
      Type === 'AWS::SQS::Queue' ? [toQueue(String(resolve({ 'Fn::GetAtt': [id, 'Arn'] })), Properties)] : [],
    ),
    pollers: eachEvent((target, event) => {
      if (!('sqs' in event) || !event.sqs.enabled) return []
      const { arn, batchSize } = event.sqs
      return [{ queue: nameOf(String(resolve(arn))), target, batchSize }]
    }),
    schedules: resources.flatMap(([id, { Type, Properties }]) =>
      Type === 'AWS::Scheduler::Schedule' ? [toSchedule(id, schedule.parse(Properties))] : [],
    ),
  }
}

/** @param properties of the resource; times in seconds, with CloudFormation's defaults */
function toQueue(arn: string, properties: Record<string, unknown>): Queue {
  const ms = (name: string, seconds: number) => Number(properties[name] ?? seconds) * 1000
  return {
    name: nameOf(arn),
    arn,
    delay: ms('DelaySeconds', 0),
    visibility: ms('VisibilityTimeout', 30),
    retention: ms('MessageRetentionPeriod', 345_600),
  }
}

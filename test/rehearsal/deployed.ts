import { ListRulesCommand, ListTargetsByRuleCommand, type Target } from '@aws-sdk/client-eventbridge'
import {
  type FunctionConfiguration,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionEventInvokeConfigCommand,
  GetFunctionUrlConfigCommand,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda'
import { GetScheduleCommand, ListSchedulesCommand } from '@aws-sdk/client-scheduler'
import type { Rule } from '../../infra/local/events/bus.ts'
import type { RetryPolicy } from '../../infra/local/events/retry.ts'
import type { Poller } from '../../infra/local/queues/queue.ts'
import { nameOf } from '../../infra/local/service/intrinsic.ts'
import type { Schedule, Service, ServiceFunction } from '../../infra/local/service/read.ts'
import type { Clients } from './clients.ts'

export interface DeployedFunction extends ServiceFunction {
  /** Name on AWS. */
  fullName: string
  /** ARN of its role. */
  role: string
  /** Of its package: where it is, and the base64 of its SHA-256. */
  code: { location: string; sha256: string }
}

export interface DeployedSchedule extends Schedule {
  name: string
  /** ARN of the role that it invokes with. */
  role: string
}

/** What a service is deployed as, and where. */
export type Place = Pick<Service, 'name' | 'stage' | 'account' | 'region'>

/** What AWS says is deployed of a service, in the words of infra/local. */
export interface Deployed extends Place {
  functions: DeployedFunction[]
  rules: Rule[]
  schedules: DeployedSchedule[]
  pollers: Poller[]
}

/** @param place names of what is looked for begin with the service's and the stage's */
export async function readDeployed(clients: Clients, { name, stage, account, region }: Place): Promise<Deployed> {
  const prefix = `${name}-${stage}`
  const shortName = (arn: string) => nameOf(arn).slice(prefix.length + 1)
  const { Functions = [] } = await clients.lambda.send(new ListFunctionsCommand({}))
  const names = Functions.flatMap(({ FunctionName = '' }) =>
    FunctionName.startsWith(`${prefix}-`) ? FunctionName : [],
  )
  const functions = await Promise.all(
    names.toSorted().map((fullName) => readFunction(clients, fullName, shortName(fullName))),
  )
  const { EventSourceMappings = [] } = await clients.lambda.send(new ListEventSourceMappingsCommand({}))
  return {
    ...{ name, stage, account, region },
    functions,
    rules: await readRules(clients, prefix, shortName),
    schedules: await readSchedules(clients, prefix, shortName),
    pollers: EventSourceMappings.map(({ EventSourceArn = '', FunctionArn = '', BatchSize = 10 }) => ({
      queue: nameOf(EventSourceArn),
      target: shortName(FunctionArn),
      batchSize: BatchSize,
    })),
  }
}

async function readFunction({ lambda }: Clients, FunctionName: string, name: string): Promise<DeployedFunction> {
  const of = { FunctionName }
  const { Configuration = {}, Code } = await lambda.send(new GetFunctionCommand(of))
  const { ReservedConcurrentExecutions: reserved } = await lambda.send(new GetFunctionConcurrencyCommand(of))
  const invoke = await orNone(lambda.send(new GetFunctionEventInvokeConfigCommand(of)))
  const url = await orNone(lambda.send(new GetFunctionUrlConfigCommand(of)))
  const destination = invoke?.DestinationConfig?.OnFailure?.Destination
  return {
    name,
    // Packages are unpacked into a folder each (packages.ts).
    bundle: name,
    ...settingsOf(Configuration),
    code: { location: Code?.Location ?? '', sha256: Configuration.CodeSha256 ?? '' },
    ...(reserved !== undefined && { reservedConcurrency: reserved }),
    retry: { attempts: invoke?.MaximumRetryAttempts ?? 2, age: invoke?.MaximumEventAgeInSeconds ?? 21_600 },
    ...(destination && { deadLetters: nameOf(destination) }),
    url: url !== undefined,
    streams: url?.InvokeMode === 'RESPONSE_STREAM',
  }
}

function settingsOf(configuration: FunctionConfiguration) {
  const { FunctionName = '', FunctionArn = '', Handler = '', MemorySize = 128, Timeout = 3, Role = '' } = configuration
  return {
    fullName: FunctionName,
    arn: FunctionArn,
    handler: Handler,
    memory: MemorySize,
    timeout: Timeout * 1000,
    environment: configuration.Environment?.Variables ?? {},
    role: Role,
  }
}

async function readRules({ events }: Clients, bus: string, shortName: (arn: string) => string): Promise<Rule[]> {
  const listed = await orNone(events.send(new ListRulesCommand({ EventBusName: bus })))
  const found = (listed?.Rules ?? []).map(async ({ Name = '', Arn = '', EventPattern = '{}' }) => {
    const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ EventBusName: bus, Rule: Name }))
    return Targets.map((target) => ({
      ...{ name: Name, arn: Arn, bus, pattern: JSON.parse(EventPattern), target: shortName(target.Arn ?? '') },
      retry: policyOf(target),
      ...(target.DeadLetterConfig?.Arn && { deadLetters: nameOf(target.DeadLetterConfig.Arn) }),
    }))
  })
  return (await Promise.all(found)).flat()
}

/** Of a target of EventBridge or its Scheduler, with the defaults of both. */
const policyOf = ({ RetryPolicy }: Pick<Target, 'RetryPolicy'>): RetryPolicy => ({
  attempts: RetryPolicy?.MaximumRetryAttempts ?? 185,
  age: RetryPolicy?.MaximumEventAgeInSeconds ?? 86_400,
})

async function readSchedules({ scheduler }: Clients, prefix: string, shortName: (arn: string) => string) {
  const { Schedules = [] } = await scheduler.send(new ListSchedulesCommand({ NamePrefix: prefix }))
  return Promise.all(
    Schedules.map(async ({ Name = '' }): Promise<DeployedSchedule> => {
      const schedule = await scheduler.send(new GetScheduleCommand({ Name }))
      const { Arn = '', RoleArn = '', Input, RetryPolicy, DeadLetterConfig } = schedule.Target ?? {}
      return {
        name: Name,
        arn: schedule.Arn ?? '',
        expression: schedule.ScheduleExpression ?? '',
        timezone: schedule.ScheduleExpressionTimezone ?? 'UTC',
        target: shortName(Arn),
        retry: policyOf({ RetryPolicy }),
        role: RoleArn,
        ...(Input !== undefined && { input: JSON.parse(Input) }),
        ...(DeadLetterConfig?.Arn && { deadLetters: nameOf(DeadLetterConfig.Arn) }),
      }
    }),
  )
}

/** Undefined where AWS has nothing of it. */
const orNone = <T>(call: Promise<T>): Promise<T | undefined> =>
  call.catch((error: Error) => {
    if (error.name === 'ResourceNotFoundException') return undefined
    throw error
  })

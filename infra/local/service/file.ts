import * as z from 'zod'

/**
 * The part of a serverless.yml that the local run understands. What would change its behaviour and is not understood
 * is refused (`strictObject`), what only matters on AWS is passed over.
 */

const retryPolicy = z.strictObject({
  maximumRetryAttempts: z.int().min(0).max(185).default(185),
  maximumEventAge: z.int().min(60).max(86_400).default(86_400),
})

const eventBridge = z.strictObject({
  eventBus: z.unknown().optional(),
  pattern: z.record(z.string(), z.unknown()),
  retryPolicy: retryPolicy.prefault({}),
  deadLetterQueueArn: z.unknown().optional(),
  enabled: z.boolean().default(true),
})

const httpApi = z.union([
  z.string(),
  z.looseObject({ method: z.string(), path: z.string() }).transform(({ method, path }) => `${method} ${path}`),
])

const sqs = z.strictObject({
  arn: z.unknown(),
  batchSize: z.int().min(1).max(10).default(10),
  enabled: z.boolean().default(true),
})

/** There are no logs of EKS here. */
const cloudwatchLog = z.unknown()

const event = z.union([
  z.strictObject({ eventBridge }),
  z.strictObject({ httpApi }),
  z.strictObject({ sqs }),
  z.strictObject({ cloudwatchLog }),
])

const destination = z.looseObject({ arn: z.unknown() })

const fn = z.looseObject({
  handler: z.string(),
  memorySize: z.int().min(128).max(10_240).optional(),
  timeout: z.int().min(1).max(900).optional(),
  reservedConcurrency: z.int().min(0).optional(),
  environment: z.record(z.string(), z.unknown()).default({}),
  url: z.union([z.boolean(), z.looseObject({ invokeMode: z.string().optional() })]).default(false),
  maximumRetryAttempts: z.int().min(0).max(2).default(2),
  maximumEventAge: z.int().min(60).max(21_600).default(21_600),
  destinations: z.looseObject({ onFailure: destination.optional() }).default({}),
  events: z.array(event).default([]),
})

const retries = z
  .strictObject({
    MaximumRetryAttempts: z.int().min(0).max(185).default(185),
    MaximumEventAgeInSeconds: z.int().min(60).max(86_400).default(86_400),
  })
  .prefault({})

/** Properties of an AWS::Scheduler::Schedule. */
export const schedule = z.strictObject({
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().default('UTC'),
  FlexibleTimeWindow: z.strictObject({ Mode: z.literal('OFF') }),
  Target: z.strictObject({
    Arn: z.unknown(),
    RoleArn: z.unknown(),
    Input: z.string().optional(),
    RetryPolicy: retries,
    DeadLetterConfig: z.strictObject({ Arn: z.unknown() }).optional(),
  }),
})

export const serverlessFile = z.looseObject({
  service: z.string(),
  provider: z.looseObject({
    stage: z.string().default('dev'),
    region: z.string().default('us-east-1'),
    memorySize: z.int().default(1024),
    timeout: z.int().default(6),
    environment: z.record(z.string(), z.unknown()).default({}),
  }),
  functions: z.record(z.string(), fn),
  resources: z
    .looseObject({
      Resources: z.record(z.string(), z.looseObject({ Type: z.string(), Properties: z.looseObject({}).default({}) })),
    })
    .default({ Resources: {} }),
})

export type ServerlessFile = z.infer<typeof serverlessFile>
export type FunctionEntry = z.infer<typeof fn>
export type EventEntry = z.infer<typeof event>

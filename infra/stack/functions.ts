import { DETAIL_TYPE, EVENT_SOURCE } from '../../lib/event/change.ts'
import { namespace } from '../../lib/flows/namespace/kind.ts'
import { serviceaccount } from '../../lib/flows/serviceaccount/kind.ts'
import { KINDS } from '../../lib/kinds/index.ts'
import { allow, arnOf, attribute, type Intrinsic, ref, type Statement } from './cloudformation.ts'
import { environmentFor, type Purpose } from './environment.ts'
import type { StackOptions } from './stack.ts'

/** A function of the stack. */
export interface StackFunction {
  /** As osls takes it, under `functions`. */
  lambda: Lambda
  /** How often it is woken without an event, e.g. `rate(1 minute)`. */
  every?: string
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
  url?: true | { invokeMode: 'RESPONSE_STREAM' }
  /** Of what nobody waits for. */
  maximumRetryAttempts?: number
  maximumEventAge?: number
  destinations?: { onFailure: { type: 'sqs'; arn: Intrinsic } }
  events?: readonly (RuleEvent | QueueEvent)[]
}

interface RuleEvent {
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

/** A row of the table below. */
interface Row extends Omit<Lambda, 'handler' | 'package'> {
  /** Secrets of the clusters that it gets. */
  secrets: readonly Purpose[]
  every?: string
  may?: readonly Statement[]
}

/**
 * Two services retry: EventBridge when Lambda does not take an event (`ruleOf`), Lambda when the function fails (here;
 * AWS allows two retries at most). What neither can deliver ends in DeadLetters, one queue for all: a letter says whose
 * it is, one alarm watches it, one command sends them again. The sweep makes up for what is lost.
 */
const WORK = {
  maximumRetryAttempts: 2,
  maximumEventAge: 3600,
  destinations: { onFailure: { type: 'sqs', arn: arnOf('DeadLetters') } },
} as const satisfies Partial<Lambda>

/** Late is useless: the next one is due. */
const ONCE = { ...WORK, maximumRetryAttempts: 0 }

const ruleOf = (kind: string): RuleEvent => ({
  eventBridge: {
    eventBus: attribute('Bus', 'Name'),
    pattern: { source: [EVENT_SOURCE], 'detail-type': [DETAIL_TYPE], detail: { kind: [kind] } },
    retryPolicy: { maximumRetryAttempts: 20, maximumEventAge: 3600 },
    deadLetterQueueArn: arnOf('DeadLetters'),
  },
})

const ROWS: Readonly<Record<string, Row>> = {
  webhook: {
    description: "Takes the clusters' webhooks and puts change events on the bus",
    // Open to the network: an API server cannot sign for IAM. The function checks the bearer token of its caller.
    url: true,
    environment: { EVENT_BUS_NAME: attribute('Bus', 'Name') },
    secrets: ['callers'],
    may: [allow(['events:PutEvents'], [arnOf('Bus')])],
  },

  admission: {
    description: "Answers the clusters' admission webhooks",
    // A user's request waits for the answer: more memory is more CPU for a cold start.
    memorySize: 512,
    timeout: 10,
    // Open to the network as the webhook is, and for the same reason.
    url: true,
    secrets: ['access', 'callers'],
  },

  kubelet: {
    description: 'Serves the kubelet API of the virtual nodes, that is logs',
    // As long as Lambda allows: logs that are followed end with it.
    timeout: 900,
    // Whoever calls without a certificate of a home cluster is refused, and a Function URL asks for none: on AWS a REST
    // API on a domain with mutual TLS has to stand in front (response transfer mode STREAM, GET and POST of /{proxy+}).
    url: { invokeMode: 'RESPONSE_STREAM' },
    secrets: ['access', 'kubelet'],
  },

  namespace: {
    ...WORK,
    description: 'Reflects offloaded namespaces',
    events: [ruleOf(namespace.name)],
    secrets: ['access'],
  },

  serviceaccount: {
    ...WORK,
    description: 'Keeps the tokens that offloaded pods have of their ServiceAccounts, where that is on',
    events: [ruleOf(serviceaccount.name)],
    // A token lives ten minutes at least, and is asked for anew two minutes before its end.
    every: 'rate(1 minute)',
    secrets: ['access'],
  },

  node: {
    ...ONCE,
    description: 'Keeps the virtual nodes, three heartbeats a minute',
    maximumEventAge: 60,
    environment: { HEARTBEAT_QUEUE_URL: ref('Heartbeats') },
    events: [{ sqs: { arn: arnOf('Heartbeats'), batchSize: 1 } }],
    every: 'rate(1 minute)',
    secrets: ['access'],
    may: [allow(['sqs:SendMessage'], [arnOf('Heartbeats')])],
  },

  sweep: {
    ...ONCE,
    description: 'Compares all there is on both sides and mends what events have missed',
    timeout: 300,
    maximumEventAge: 600,
    every: 'rate(15 minutes)',
    secrets: ['access'],
  },
}

/** A function for each kind, which its rule wakes. */
const KIND_ROWS: Readonly<Record<string, Row>> = Object.fromEntries(
  KINDS.map(({ name, source }): [string, Row] => [
    name,
    {
      ...WORK,
      description: `Reflects ${source.resource.plural}`,
      events: [ruleOf(name)],
      secrets: ['access'],
    },
  ]),
)

/** All functions, by name. */
export function functionsOf({ environment }: StackOptions): Record<string, StackFunction> {
  return Object.fromEntries(
    Object.entries({ ...ROWS, ...KIND_ROWS }).map(([name, { secrets, every, may, ...row }]) => {
      const lambda: Lambda = {
        ...row,
        handler: `dist/${name}/index.handler`,
        package: { patterns: ['!**', `dist/${name}/**`] },
        environment: { ...environmentFor(secrets, environment), ...row.environment },
      }
      return [name, { lambda, ...(every && { every }), ...(may && { may }) }]
    }),
  )
}

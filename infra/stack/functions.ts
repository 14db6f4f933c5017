import { clusterPrefix, type Env, Reader } from '../../lib/config/reader.ts'
import { DETAIL_TYPE, EVENT_SOURCE } from '../../lib/event/change.ts'
import { namespace } from '../../lib/flows/namespace/kind.ts'
import { NETWORK } from '../../lib/flows/network/triggers.ts'
import { serviceaccount } from '../../lib/flows/serviceaccount/kind.ts'
import { KINDS } from '../../lib/kinds/index.ts'
import type { Kind } from '../../lib/kinds/kind.ts'
import { allow, arnOf, attribute, type Intrinsic, ref, type Statement } from './cloudformation.ts'
import { clustersIn, environmentFor, environmentOf, type Purpose } from './environment.ts'
import type { StackOptions } from './stack.ts'

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
  vpc?: StackOptions['vpc']
  /** Of what nobody waits for. */
  maximumRetryAttempts?: number
  maximumEventAge?: number
  destinations?: { onFailure: { type: 'sqs'; arn: Intrinsic } }
  events?: readonly (RuleEvent | QueueEvent | LogEvent)[]
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

interface LogEvent {
  cloudwatchLog: { logGroup: string; filter: string }
}

/** A row of the table below. */
type Row = Omit<Lambda, 'handler' | 'package' | 'vpc'> & Omit<StackFunction, 'lambda' | 'bundle'>

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

/** @param clusters whose events count; all where it is absent */
const ruleOf = (kind: string, clusters?: readonly string[]): RuleEvent => ({
  eventBridge: {
    eventBus: attribute('Bus', 'Name'),
    pattern: {
      source: [EVENT_SOURCE],
      'detail-type': [DETAIL_TYPE],
      detail: { kind: [kind], ...(clusters && { cluster: clusters }) },
    },
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
    secrets: ['access', 'kubelet'],
  },

  namespace: {
    ...WORK,
    description: 'Reflects offloaded namespaces',
    events: [ruleOf(namespace.name)],
    secrets: ['access'],
  },

  network: {
    ...WORK,
    description: 'Negotiates the internal network between clusters',
    timeout: 60,
    events: [ruleOf(NETWORK)],
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
    // What heartbeats put off, and tunnels that come and go.
    events: [{ sqs: { arn: arnOf('Heartbeats'), batchSize: 1 } }, ruleOf('node')],
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

/** Peerings that share their functions. */
interface Group {
  /** Behind the names of the functions. */
  suffix: string
  environment: Env
  /** Whose events wake the functions; all where it is absent. */
  clusters?: readonly string[]
  reservedConcurrency?: number
}

/** Those with a concurrency of their own each, and the others together. */
function groupsOf({ environment, reservedConcurrency }: StackOptions): Group[] {
  const own = Object.entries(reservedConcurrency?.peerings ?? {})
  if (own.length === 0) return [{ suffix: '', environment }]
  const others = new Reader(environment).words('PEERINGS').filter((peering) => !own.some(([name]) => name === peering))
  const groups = [
    ...(others.length > 0 ? [{ suffix: '', peerings: others }] : []),
    // No ClusterID has an underscore in it.
    ...own.map(([name, most]) => ({
      suffix: `_${name.replace(':', '_')}`,
      peerings: [name],
      reservedConcurrency: most,
    })),
  ]
  return groups.map(({ peerings, ...group }) => {
    const ownEnvironment = environmentOf(peerings, environment)
    return { ...group, environment: ownEnvironment, clusters: clustersIn(ownEnvironment) }
  })
}

/** A function for each kind, which its rule wakes. */
function kindRow({ name, source }: Kind, { clusters, reservedConcurrency }: Group): Row {
  return {
    ...WORK,
    description: `Reflects ${source.resource.plural}`,
    events: [ruleOf(name, clusters)],
    secrets: ['access'],
    ...(reservedConcurrency !== undefined && { reservedConcurrency }),
  }
}

/** All functions, by name. */
export function functionsOf(options: StackOptions): Record<string, StackFunction> {
  const flows = Object.entries(ROWS).map(([name, row]) => [name, toFunction(name, name, row, options)])
  const kinds = groupsOf(options).flatMap((group) =>
    KINDS.map((kind) => {
      const name = `${kind.name}${group.suffix}`
      return [name, toFunction(name, kind.name, kindRow(kind, group), { ...options, environment: group.environment })]
    }),
  )
  return Object.fromEntries([...flows, ...kinds])
}

function toFunction(name: string, bundle: string, row: Row, options: StackOptions): StackFunction {
  const { secrets, every, may, ...rest } = row
  const { vpc, environment, reservedConcurrency } = options
  const reserved = reservedConcurrency?.functions[name]
  const lambda: Lambda = {
    ...rest,
    handler: `dist/${bundle}/index.handler`,
    package: { patterns: ['!**', `dist/${bundle}/**`] },
    environment: { ...environmentFor(secrets, environment, bundle), ...rest.environment },
    ...(reserved !== undefined && { reservedConcurrency: reserved }),
    // Only who calls the clusters has to stand where they are reached.
    ...(vpc && secrets.includes('access') && { vpc }),
    ...extrasOf(name, options),
  }
  return { lambda, bundle, secrets, ...(every && { every }), ...(may && { may }) }
}

/** What single functions get by the settings. */
function extrasOf(name: string, { auditLogs = [], kubelet, environment }: StackOptions): Partial<Lambda> {
  if (name === 'webhook' && auditLogs.length > 0) {
    const names = auditLogs.map((cluster) => environment[`${clusterPrefix(cluster)}EKS_NAME`])
    const events = names.map((eks) => ({ cloudwatchLog: { logGroup: `/aws/eks/${eks}/cluster`, filter: WRITES } }))
    // No dead letters: a piece of the log holds what objects hold, and the sweep makes up for it.
    return { maximumRetryAttempts: 2, maximumEventAge: 3600, events }
  }
  // On AWS a Function URL would ask nobody for a certificate.
  return name === 'kubelet' && kubelet === 'local' ? { url: { invokeMode: 'RESPONSE_STREAM' } } : {}
}

/** Of an audit log what may have changed something; nodes renew their leases all the time. */
const WRITES =
  '{ $.stage = "ResponseComplete" && $.verb != "get" && $.verb != "list" && $.verb != "watch" && $.objectRef.resource != "leases" }'

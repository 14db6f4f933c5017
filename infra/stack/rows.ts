import { DETAIL_TYPE, EVENT_SOURCE } from '../../lib/event/change.ts'
import { namespace } from '../../lib/flows/namespace/kind.ts'
import { NETWORK } from '../../lib/flows/network/triggers.ts'
import { serviceaccount } from '../../lib/flows/serviceaccount/kind.ts'
import { allow, arnOf, attribute, ref } from './cloudformation.ts'
import type { Lambda, Row, RuleEvent } from './function.ts'

/**
 * Two services retry: EventBridge when Lambda does not take an event (`ruleOf`), Lambda when the function fails (here;
 * AWS allows two retries at most). What neither can deliver ends in DeadLetters, one queue for all: a letter says whose
 * it is, one alarm watches it, one command sends them again. The sweep makes up for what is lost.
 */
export const WORK = {
  maximumRetryAttempts: 2,
  maximumEventAge: 3600,
  destinations: { onFailure: { type: 'sqs', arn: arnOf('DeadLetters') } },
} as const satisfies Partial<Lambda>

/** @param clusters whose events count; all where it is absent */
export const ruleOf = (kind: string, clusters?: readonly string[]): RuleEvent => ({
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

/**
 * MB for who compares several kinds of a pair at a time: with ConfigMaps and Secrets of 1.4 MB each, all of which differ,
 * 330 MB were seen.
 */
const COMPARING = 512

/** The functions that are not one kind's, by name. */
export const ROWS: Readonly<Record<string, Row>> = {
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
    // A new one is filled with what the home namespace holds.
    memorySize: COMPARING,
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
    ...WORK,
    description: 'Keeps the virtual nodes, three heartbeats a minute',
    // Late is useless: the next heartbeat is due.
    maximumRetryAttempts: 0,
    maximumEventAge: 60,
    environment: { HEARTBEAT_QUEUE_URL: ref('Heartbeats') },
    // What heartbeats put off, and tunnels that come and go.
    events: [{ sqs: { arn: arnOf('Heartbeats'), batchSize: 1 } }, ruleOf('node')],
    every: 'rate(1 minute)',
    secrets: ['access'],
    may: [allow(['sqs:SendMessage'], [arnOf('Heartbeats')])],
  },

  sweep: {
    ...WORK,
    description: 'Compares all there is on both sides and mends what events have missed',
    memorySize: COMPARING,
    timeout: 300,
    // The last retry has ended when the next sweep is due.
    maximumEventAge: 600,
    every: 'rate(15 minutes)',
    secrets: ['access'],
  },
}

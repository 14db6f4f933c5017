import { createSecrets } from '../aws/secrets.ts'
import type { SecretSettings } from '../config/secret.ts'
import { type HttpRequest, requirePost } from '../handler/http.ts'
import { byShape, eventHandler, type Handler, httpHandler, type Invocation } from '../handler.ts'
import type { Side } from '../kinds/kind.ts'
import { errorFields, type Level, type Log, logger } from '../log.ts'
import { allowed } from './admission.ts'
import { authenticator, type ClusterTokens, credentialOf } from './authenticate.ts'
import type { ChangeEvent } from './change.ts'
import { clusterOf, type EksCluster, logsEvent, readLogs } from './cloudwatch.ts'
import { readParcel } from './parcel.ts'
import { type Publish, publisher } from './publish.ts'
import type { Trigger } from './triggers.ts'
import { changesOf, type Parcel } from './write.ts'

export interface WebhookConfig {
  readonly clusters: readonly (ClusterTokens & EksCluster)[]
  /** Name or ARN. */
  readonly eventBusName: string
  readonly triggers: readonly Trigger[]
  /** What each cluster is to others, by ClusterID; absent: anything. Writes that concern nobody there are dropped. */
  readonly roles?: Readonly<Record<string, readonly Side[]>> | undefined
  /** `info` unless told. */
  readonly logLevel?: Level
  /** How tokens that are kept elsewhere are read. */
  readonly secrets: SecretSettings
}

export interface WebhookDeps {
  readonly log?: Log
  readonly publish?: Publish
}

/** Answer to all but reviews: items that arrived, changes put on the bus (coalesced, so mostly fewer). */
interface Summary {
  received: number
  forwarded: number
}

/** @returns how many were put */
type Put = (changes: ChangeEvent[], invocation: Invocation) => Promise<number>

/** Milliseconds that putting may take. The API server waits 30 s for an audit backend. */
const PUT_MS = 8000
/** A user's request waits for the review, so that it gets a small part of the webhook's own 10 s. */
const REVIEW_PUT_MS = 1500
/** Left of the invocation for the answer. */
const ANSWER_MS = 500

/**
 * The function that clusters call: events in, references to the changed objects onto the bus.
 *
 * | what calls            | who it is             | when the bus fails                                            |
 * | --------------------- | --------------------- | ------------------------------------------------------------- |
 * | audit backend         | token                 | 503: the API server sends the batch again                     |
 * | CloudEvents source    | token                 | 503: the source sends it again                                |
 * | CloudWatch Logs (EKS) | log group -> eksName  | thrown: Lambda calls again, twice                             |
 * | admission webhook     | token                 | allowed all the same; the keys are logged as lost             |
 *
 * An admission is never repeated by the API server, and nothing runs on after an answer on Lambda. So the put is awaited
 * with its own repeats, at most REVIEW_PUT_MS, and the answer is `allowed` in any case; what could not be put by then is
 * one error line with its keys, and the sweep finds it (failurePolicy Ignore could drop the call as well).
 */
export function webhook(config: WebhookConfig, deps: WebhookDeps = {}): Handler<unknown> {
  const { clusters, triggers, roles } = config
  const triggersIn = (cluster: string) =>
    triggers.filter(({ side }) => !roles || side === undefined || roles[cluster]?.includes(side))
  const {
    log = logger(config.logLevel ?? 'info').with({ function: 'webhook' }),
    publish = publisher(config.eventBusName),
  } = deps
  const authenticate = authenticator(clusters, createSecrets(config.secrets))

  /** All of them, or an error that makes the caller repeat. */
  const putAll: Put = async (changes, invocation) => {
    await publish(changes, within(PUT_MS, invocation))
    return changes.length
  }

  const putOrLose: Put = async (changes, invocation) => {
    try {
      await publish(changes, within(REVIEW_PUT_MS, invocation))
      return changes.length
    } catch (error) {
      log.error('lost', { ...errorFields(error), keys: changes.map(keyOf) })
      return 0
    }
  }

  /** Forwards what a parcel amounts to, and writes the one line about it. */
  async function forward(cluster: string, parcel: Parcel, put: Put, invocation: Invocation): Promise<Summary> {
    const { form, received, unreadable } = parcel
    const start = performance.now()
    const forwarded = await put(changesOf(cluster, parcel.writes, triggersIn(cluster)), invocation)
    const ms = Math.round(performance.now() - start)
    const line = { cluster, form, received, forwarded, unreadable: unreadable.length, why: unreadable[0], ms }
    log[levelOf(unreadable.length, forwarded)]('received', line)
    return { received, forwarded }
  }

  async function fromHttp(request: HttpRequest, invocation: Invocation): Promise<unknown> {
    requirePost(request)
    const cluster = await authenticate(credentialOf(request.headers, request.path))
    const parcel = await readParcel(request)
    const { review } = parcel
    const summary = await forward(cluster, parcel, review === undefined ? putAll : putOrLose, invocation)
    return review === undefined ? summary : allowed(review)
  }

  async function fromLogs(event: unknown, invocation: Invocation): Promise<unknown> {
    const parcel = await readLogs(logsEvent.parse(event))
    return parcel && forward(clusterOf(parcel, clusters), parcel, putAll, invocation)
  }

  return byShape<unknown>([
    { is: (event) => logsEvent.safeParse(event).success, handler: eventHandler(log, fromLogs) },
    { is: () => true, handler: httpHandler(log, fromHttp) },
  ])
}

/** What concerns nobody is not worth a line in production. */
function levelOf(unreadable: number, forwarded: number): 'warn' | 'info' | 'debug' {
  if (unreadable > 0) return 'warn'
  return forwarded > 0 ? 'info' : 'debug'
}

function within(ms: number, invocation: Invocation): number {
  return Math.max(0, Math.min(ms, invocation.getRemainingTimeInMillis() - ANSWER_MS))
}

function keyOf({ cluster, kind, namespace, names }: ChangeEvent): string {
  return [cluster, kind, namespace, names[0] ?? '*'].join('/')
}

import * as z from 'zod/mini'
import { createSecrets, type Secrets } from './aws/secrets.ts'
import { checkPlan } from './config/plan-check.ts'
import { checkPodPatch } from './config/pods-check.ts'
import { type Check, type Config, ConfigError, config } from './config.ts'
import { type ChangeEvent, changeOf } from './event/change.ts'
import { admission } from './flows/admission/function.ts'
import { dispatchSlices } from './flows/mapping/dispatch.ts'
import { dispatchNamespace } from './flows/namespace/dispatch.ts'
import { dispatchNetwork } from './flows/network/dispatch.ts'
import { NETWORK } from './flows/network/triggers.ts'
import type { NetworkWorld } from './flows/network/world.ts'
import { heartbeat } from './flows/node/heart.ts'
import { byQueue } from './flows/node/later.ts'
import { dispatchPod } from './flows/refused/dispatch.ts'
import { askOf } from './flows/serviceaccount/ask.ts'
import { tokenEvent } from './flows/serviceaccount/function.ts'
import { sweep } from './flows/sweep/flow.ts'
import { dispatchClaim } from './flows/volume/dispatch.ts'
import { dispatchClaimsOfGated } from './flows/volume/gated.ts'
import { eventHandler, type Handler } from './handler.ts'
import type { Kind } from './kinds/kind.ts'
import { type Log, logger } from './log.ts'
import { type Measure, measureIn } from './metrics.ts'
import { type ConnectedPeering, connectClusters, networkBetween, peeringsBetween } from './peerings.ts'
import { dispatch, ReflectionError } from './reflect/dispatch.ts'
import type { Peering } from './reflect/peering.ts'

/** The function of one kind: reflects what an event of the bus refers to. */
export function reflector(kind: Kind): Handler<unknown> {
  return reacting(kind.name, (peerings, event) => dispatch(kind, peerings, event))
}

/** The function that makes remote namespaces. */
export function offloader(): Handler<unknown> {
  return reacting('namespace', dispatchNamespace, [checkPlan, checkPodPatch])
}

/** The function of home pods. */
export function podOffloader(): Handler<unknown> {
  const react: React = async (peerings, event) => {
    await dispatchPod(peerings, event)
    await dispatchClaimsOfGated(peerings, event)
  }
  return reacting('pod', react, [checkPlan, checkPodPatch])
}

/** The function of EndpointSlices, and of the external addresses that their endpoints have for other clusters. */
export function sliceReflector(): Handler<unknown> {
  return reacting('endpointslice', dispatchSlices, [checkPlan])
}

/** The function of claims, and of the home volumes that stand for remote ones. */
export function claimReflector(): Handler<unknown> {
  return reacting('persistentvolumeclaim', dispatchClaim)
}

/** The function of the internal network. */
export function negotiator(): Handler<unknown> {
  const { log, network } = started(NETWORK, { checks: [checkPlan] })
  return eventHandler(log, async (event) => dispatchNetwork(network, changeOf(event)))
}

/** The function of the tokens that offloaded pods have: by events, and by a schedule, as tokens expire. */
export function tokenKeeper(): Handler<unknown> {
  const { log, peerings, settings, measure } = started('serviceaccount')
  return eventHandler(log, async (event) => {
    if (!settings.serviceAccounts) return
    await tokenEvent(
      event,
      peerings.map((peering) => ({ ...peering, ask: askOf(peering.home) })),
      measure,
    )
  })
}

type React = (peerings: readonly Peering[], event: ChangeEvent) => Promise<void>

function reacting(name: string, react: React, checks: readonly Check[] = []): Handler<unknown> {
  const { log, peerings } = started(name, { checks })
  return eventHandler(log, async (event) => react(peerings, changeOf(event)))
}

/** Milliseconds until a read for an admission is given up: within the 10 s that the webhook has. */
const ADMISSION_READ_MS = 4000

/** The function behind the clusters' admission webhooks. */
export function admitter(): Handler<unknown> {
  const { log, peerings, secrets, settings } = started('admission', { mostMs: ADMISSION_READ_MS })
  const { clusters, runtimeClass } = settings
  const offers = Object.fromEntries(clusters.map(({ id, offer }) => [id, offer]))
  return admission({ log, clusters, secrets, settings: { peerings, offers, runtimeClass } })
}

/** Milliseconds until a request for a heartbeat is given up: the next is due in 20 s. */
const BEAT_MS = 5000

/** The function that keeps the virtual nodes. */
export function keeper(): Handler<unknown> {
  const { log, peerings, settings } = started('node', { mostMs: BEAT_MS, checks: [checkPlan] })
  const { clusters, heartbeatQueueUrl, kubelet } = settings
  if (!heartbeatQueueUrl) throw new ConfigError(['HEARTBEAT_QUEUE_URL: missing; give the URL of the queue Heartbeats'])
  const offers = Object.fromEntries(clusters.map(({ id, offer }) => [id, offer]))
  const options = { offers, log, later: byQueue(heartbeatQueueUrl), ...(kubelet && { kubelet }) }
  return eventHandler(log, async (event) => heartbeat(event, peerings, options))
}

/** A schedule's event has other members; these are for calls by hand. */
const order = z.object({ reportOnly: z.optional(z.boolean()) })

/** The function that sweeps, by schedule or by hand with `{"reportOnly": true}`. */
export function sweeper(): Handler<unknown> {
  const { log, peerings, network, settings, measure } = started('sweep', { checks: [checkPlan, checkPodPatch] })
  return eventHandler(log, async (event) => {
    const { reportOnly = settings.sweepReportOnly } = order.parse(event)
    const options = { reportOnly, deleteBudget: settings.sweepDeleteBudget, network, log, measure }
    const { curable, ...summary } = await sweep(peerings, options)
    log.info('sweep', { reportOnly, ...summary })
    if (curable > 0) throw new ReflectionError(`sweep: ${curable} part(s) to try again`)
    return summary
  })
}

interface StartOptions {
  /** Of what the function uses; of the rest others judge. */
  checks?: readonly Check[]
  /** Of a request to an API server, where the environment allows more. */
  mostMs?: number
}

interface Started {
  settings: Config
  log: Log
  measure: Measure
  secrets: Secrets
  peerings: readonly ConnectedPeering[]
  network: NetworkWorld
}

/** The environment is read, and refused, at cold start; secrets and clusters are asked by the first event. */
function started(name: string, { checks = [], mostMs = Number.POSITIVE_INFINITY }: StartOptions = {}): Started {
  const read = config(checks)
  const settings = { ...read, requestTimeoutMs: Math.min(read.requestTimeoutMs, mostMs) }
  const log = logger(settings.logLevel).with({ function: name })
  const secrets = createSecrets(settings.secrets)
  const clusters = connectClusters(settings, name, secrets)
  const peerings = peeringsBetween(clusters, settings, name)
  const measure = measureIn(log, settings.functionName ?? name)
  return { settings, log, measure, secrets, peerings, network: networkBetween(clusters, settings, log) }
}

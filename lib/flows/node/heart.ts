import * as z from 'zod/mini'
import { ClusterError } from '../../cluster/errors.ts'
import { SYSTEM_NAMESPACE, TUNNEL_ENDPOINT } from '../../cluster/resources.ts'
import type { Offer } from '../../config/offloading.ts'
import { type ChangeEvent, changeOf, EVENT_SOURCE } from '../../event/change.ts'
import type { Log } from '../../log.ts'
import { committed } from '../../reflect/committed.ts'
import { IdentityError, type Peering } from '../../reflect/peering.ts'
import { type Followed, followHome } from '../reachability/flow.ts'
import { homeLeaseName } from '../reachability/lease.ts'
import type { FactsOptions } from './facts.ts'
import { type Beat, beat } from './flow.ts'
import type { Later } from './later.ts'
import { nodeName } from './name.ts'

export interface HeartOptions extends Pick<FactsOptions, 'kubelet'> {
  /** By ClusterID of the remote cluster. */
  offers: Readonly<Record<string, Offer>>
  later: Later
  log: Log
  now?: () => number
}

/**
 * Seconds after the schedule's own heartbeat. A schedule fires once a minute at best, and a node counts as lost 40 to
 * 50 s after its last one, so that one of three may be late or missing.
 */
const LATER = [20, 40]

/** A message of the queue, as Lambda hands it over. */
const put = z.object({ Records: z.array(z.object({ eventSource: z.literal('aws:sqs') })).check(z.minLength(1)) })

/** An event of the bus: a TunnelEndpoint has changed. */
const change = z.object({ source: z.literal(EVENT_SOURCE) })

/**
 * One firing: by the schedule, by a message that an earlier one has put off, or by a change of the tunnel to a remote
 * cluster, which its node then says without waiting for either. The virtual nodes of all peerings are served side by side,
 * and what the remote clusters make of their homes, so that a cluster that hangs takes no other one's time. What fails is
 * logged and left to the next heartbeat: an event thrown back would come when that is due anyway.
 * @param peerings those in gate mode have no virtual node, and nothing is done for them
 * @throws HeartbeatError when the next ones could not be put off
 */
export async function heartbeat(
  event: unknown,
  peerings: readonly Peering[],
  { offers, kubelet, later, log, now = Date.now }: HeartOptions,
): Promise<void> {
  const changed = change.safeParse(event).success ? changeOf(event) : undefined
  const served = peerings.filter(
    (peering) => offers[peering.remote.id]?.mode === 'virtual-node' && isOf(changed, peering),
  )
  if (served.length === 0) return
  const isPutOff = put.safeParse(event).success
  const extent = changed ? 'network' : isPutOff ? 'lease' : 'all'
  const options = { extent, now, ...(kubelet && { kubelet }) } as const
  if (changed?.admitted) await Promise.all(served.map((peering) => stored(peering, changed.admitted!)))
  await Promise.all([
    extent === 'all' ? later(LATER) : undefined,
    ...served.map((peering) => {
      const what = { kind: 'node', key: `${peering.home.id}/${nodeName(peering.remote.id)}` }
      return one(what, log, () => beat(peering, { ...options, offer: offers[peering.remote.id]! }))
    }),
    ...(isPutOff ? [] : served).map((peering) => {
      const what = { kind: 'reachability', key: `${peering.remote.id}/${homeLeaseName(peering.home.id)}` }
      return one(what, log, () => followHome(peering, now()))
    }),
  ])
}

/** An admission webhook tells before a change is stored. What goes wrong here shows in what follows. */
async function stored({ home, remote }: Peering, admitted: NonNullable<ChangeEvent['admitted']>): Promise<void> {
  const ref = { namespace: SYSTEM_NAMESPACE, name: remote.id }
  await committed(home, TUNNEL_ENDPOINT, ref, admitted).catch((error) => {
    if (!(error instanceof ClusterError)) throw error
  })
}

/** A TunnelEndpoint is named after the remote cluster; without a name it may be any. */
function isOf(changed: ChangeEvent | undefined, { home, remote }: Peering): boolean {
  if (!changed) return true
  return changed.cluster === home.id && (changed.names.length === 0 || changed.names.includes(remote.id))
}

/** @param what kind and key of the line in the log */
async function one(what: object, log: Log, run: () => Promise<Beat | Followed>): Promise<void> {
  const start = performance.now()
  const line = (fields: { verdict: string; why?: string | undefined; writes: number }) => {
    const ms = Math.round((performance.now() - start) * 10) / 10
    return { ...what, ...fields, ms }
  }
  try {
    const { verdict, writes, why } = await run()
    log[LEVELS[verdict]]('key', line({ verdict, writes, why }))
  } catch (error) {
    if (!(error instanceof ClusterError || error instanceof IdentityError)) throw error
    log.warn('key', line({ verdict: 'failed', why: error.message, writes: 0 }))
  }
}

/** What happens three times a minute is not worth a line in production. */
const LEVELS = {
  renewed: 'debug',
  unused: 'debug',
  created: 'info',
  updated: 'info',
  restored: 'info',
  blocked: 'warn',
  waiting: 'warn',
  withdrawn: 'warn',
} as const

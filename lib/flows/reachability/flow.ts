import { ConflictError, UnreachableError } from '../../cluster/errors.ts'
import type { KubeObject } from '../../cluster/port.ts'
import { ENDPOINT_SLICE, LEASE } from '../../cluster/resources.ts'
import { endpointslice } from '../../kinds/endpointslice/kind.ts'
import { targetSelector } from '../../kinds/meta.ts'
import { meaningOf } from '../../policy/flags.ts'
import { forEach } from '../../reflect/for-each.ts'
import { guarded } from '../../reflect/guard.ts'
import { remoteNamespaces, toPair } from '../../reflect/pairs.ts'
import { identityOf, type Peering } from '../../reflect/peering.ts'
import { sweepPair } from '../../reflect/sweep-pair.ts'
import { tunnelOf } from '../node/tunnel.ts'
import { homeLease, homeLeaseName, isHeld, LEASE_NAMESPACE, nextStep, renewedAt } from './lease.ts'
import { withdrawn } from './withdrawn.ts'

/** What was done about a home's endpoints in the remote cluster. */
export interface Followed {
  verdict: 'renewed' | 'waiting' | 'withdrawn' | 'restored' | 'unused'
  writes: number
  why?: string
}

/** Copies that are written at a time. */
const AT_ONCE = 16

/**
 * Readiness follows the reachability of the origin: endpoints of a home whose API server, or the tunnel to it, has been
 * out of reach for longer than a moment are not ready in the remote cluster, so that its Services go to others; once
 * home is in reach they are what it says of them. A Lease in the remote cluster keeps the time. Source of the rule: Liqo,
 * `shadowendpointslice-controller`, but without the moment.
 *
 * Only an outage withdraws: a credential that is refused, or a throttled request, says nothing of the pods of home.
 * @param now epoch ms
 * @throws ClusterError of the remote cluster, and of home where it is no outage
 */
export async function followHome(peering: Peering, now: number): Promise<Followed> {
  const { home, remote, networks } = peering
  if (!meaningOf(networks.home, networks.remote).endpointSlices) return { verdict: 'unused', writes: 0 }
  const lease = await remote.get(LEASE, { namespace: LEASE_NAMESPACE, name: homeLeaseName(home.id) })
  const why = await outageOf(peering)
  const step = nextStep(lease, why === undefined, now)
  if (step === 'wait') return { verdict: 'waiting', writes: 0, ...(why && { why }) }
  if (step === 'withdraw') {
    return { verdict: 'withdrawn', writes: await withdrawAll(peering, lease!), ...(why && { why }) }
  }
  if (step === 'restore') {
    const { writes, failed } = await restoreAll(peering, lease!)
    // A slice that was read before the Lease was and written after this pass is found by the next one.
    if (writes > 0 || failed > 0) return { verdict: 'restored', writes }
  }
  await remote.apply(LEASE, guarded(homeLease(peersOf(peering), now, true), lease))
  return { verdict: 'renewed', writes: 1 }
}

/** Why the remote cluster cannot count on home; undefined: it can. */
async function outageOf(peering: Peering): Promise<string | undefined> {
  const { home } = peering
  try {
    await identityOf(home, true)
    const tunnel = await tunnelOf(peering)
    return tunnel?.isUp === false ? tunnel.why : undefined
  } catch (error) {
    if (error instanceof UnreachableError && error.cluster === home.id) return error.message
    throw error
  }
}

/** The Lease first: what is reflected from then on is not ready either. */
async function withdrawAll(peering: Peering, lease: KubeObject): Promise<number> {
  let writes = await hold(peering, lease, false)
  const labelSelector = targetSelector(endpointslice.target, peersOf(peering))
  for await (const page of peering.remote.list(ENDPOINT_SLICE, { labelSelector })) {
    await forEach(page, AT_ONCE, async (copy) => {
      const desired = withdrawn(copy)
      if (desired && (await isWritten(peering, desired, copy))) writes++
    })
  }
  return writes
}

/** False: somebody else has written meanwhile, who knows more. */
async function isWritten({ remote }: Peering, desired: KubeObject, seen: KubeObject): Promise<boolean> {
  try {
    await remote.apply(ENDPOINT_SLICE, guarded(desired, seen))
    return true
  } catch (error) {
    if (error instanceof ConflictError) return false
    throw error
  }
}

/** The Lease first, here too. */
async function restoreAll(peering: Peering, lease: KubeObject): Promise<{ writes: number; failed: number }> {
  const all = { writes: await hold(peering, lease, true), failed: 0 }
  for (const namespace of await remoteNamespaces(peering)) {
    const pair = toPair(peering, namespace)
    if (!pair) continue
    const { summary } = await sweepPair(peering, pair, [endpointslice], 'withhold')
    all.writes += summary.created + summary.updated
    all.failed += summary.failed
  }
  return all
}

/** Says who holds the Lease, as of the time that it has. @returns writes */
async function hold(peering: Peering, lease: KubeObject, isToBe: boolean): Promise<number> {
  if (isHeld(lease) === isToBe) return 0
  await peering.remote.apply(LEASE, guarded(homeLease(peersOf(peering), renewedAt(lease), isToBe), lease))
  return 1
}

function peersOf({ home, remote }: Peering) {
  return { home: home.id, remote: remote.id }
}

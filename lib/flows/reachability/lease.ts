import type { KubeObject } from '../../cluster/port.ts'
import { mapOf } from '../../kinds/json.ts'
import type { Context } from '../../kinds/kind.ts'
import { marks } from '../../kinds/meta.ts'

/** Where clusters have the Leases of those they count on. */
export const LEASE_NAMESPACE = 'kube-node-lease'

/** Milliseconds that home may be out of reach before it counts as gone; it is looked at once a minute. */
const LIMIT = 80_000

type Peers = Pick<Context, 'home' | 'remote'>

export function homeLeaseName(home: string): string {
  return `heliograph-${home}`
}

/**
 * In the remote cluster: when home was last in reach, and whether it counts as such. Held by home while its endpoints
 * are as ready as it says; by nobody while none of them is.
 * @param renewed epoch ms
 */
export function homeLease(peers: Peers, renewed: number, isHeld: boolean) {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: homeLeaseName(peers.home), namespace: LEASE_NAMESPACE, labels: marks(peers) },
    spec: {
      ...(isHeld && { holderIdentity: peers.home }),
      leaseDurationSeconds: LIMIT / 1000,
      renewTime: new Date(renewed).toISOString().replace('Z', '000Z'),
    },
  } satisfies KubeObject
}

/** Epoch ms; 0 where somebody has taken the time away. */
export function renewedAt(lease: KubeObject): number {
  return Date.parse(String(mapOf(lease.spec).renewTime)) || 0
}

export function isHeld(lease: KubeObject): boolean {
  return Boolean(mapOf(lease.spec).holderIdentity)
}

/** `renew`: all is as it should be. `wait`: it may be a glitch. */
export type Step = 'renew' | 'wait' | 'withdraw' | 'restore'

/**
 * What is to be done about the endpoints that home has in the remote cluster.
 *
 * | home | Lease | step |
 * |---|---|---|
 * | - | none | renew: its time begins |
 * | in reach | held, not too old | renew |
 * | in reach | else | restore |
 * | out of reach | held, not too old | wait |
 * | out of reach | else | withdraw; again each time, as slices may have changed meanwhile |
 *
 * @param now epoch ms
 */
export function nextStep(lease: KubeObject | undefined, isInReach: boolean, now: number): Step {
  if (!lease) return 'renew'
  const counts = isHeld(lease) && now - renewedAt(lease) < LIMIT
  if (isInReach) return counts ? 'renew' : 'restore'
  return counts ? 'wait' : 'withdraw'
}

import { ConflictError } from '../../cluster/errors.ts'
import type { KubeObject } from '../../cluster/port.ts'
import { LEASE, NODE } from '../../cluster/resources.ts'
import { isReflected } from '../../kinds/meta.ts'
import { contains } from '../../reflect/compare.ts'
import { guarded } from '../../reflect/guard.ts'
import { IdentityError, identityOf, type Peering } from '../../reflect/peering.ts'
import { tell } from '../../reflect/report.ts'
import { conditionsOf, isAlive, isCurrent, isNetworkCurrent, taintsOf } from './current.ts'
import { type FactsOptions, factsOf } from './facts.ts'
import { type NodeFacts, nodeStatus, REMOTE_CLUSTER_UID, virtualNode } from './forge.ts'
import { nodeLease } from './lease.ts'
import { nodeName } from './name.ts'
import { tunnelOf } from './tunnel.ts'

/** What one heartbeat did for one virtual node. */
export interface Beat {
  verdict: 'renewed' | 'created' | 'updated' | 'blocked'
  writes: number
  why?: string
}

export interface BeatOptions extends FactsOptions {
  /**
   * `lease`: only that, while all is well; the rest costs lists of the remote cluster's nodes and pods. `network`: nothing
   * unless the node says other things of the network than are so.
   */
  extent: 'all' | 'lease' | 'network'
  /** Epoch ms. */
  now(): number
}

/** How often the node is looked at anew because it changed meanwhile. */
const MAX_TRIES = 5

/**
 * One heartbeat of a virtual node: the remote cluster answers, so the Lease is renewed; then labels, taints, capacity and
 * conditions are brought up to date. A cluster that does not answer (or is another one than before) throws, and nothing
 * is renewed: the node lifecycle controller of the home cluster then does what it does for any node that is silent.
 * @throws ClusterError, IdentityError
 */
export async function beat(peering: Peering, options: BeatOptions): Promise<Beat> {
  const { home, remote } = peering
  const peers = { home: home.id, remote: remote.id }
  const clusterUid = await identityOf(remote, true)
  const seen = await readNode(peering)
  if (seen && !isReflected(seen, peers)) {
    if (options.extent === 'all')
      await tell(TOLD_AS, peering, seen, { type: 'Warning', reason: 'FailedReflection', message: IN_THE_WAY })
    return BLOCKED
  }
  if (seen) {
    proveIdentity(seen, clusterUid, remote.id)
    if (options.extent === 'network' && isNetworkCurrent(seen, await tunnelOf(peering))) return CURRENT
    // First of all: what follows takes longer, and may fail for reasons of its own.
    await home.apply(LEASE, nodeLease(seen, peers, options.now()))
    if (options.extent === 'lease' && isAlive(seen)) return { verdict: 'renewed', writes: 1 }
  }
  const facts = await factsOf(peering, clusterUid, options)
  return bringUpToDate(peering, facts, options.now)
}

const IN_THE_WAY = 'a virtual node should have this name; the node is not one of ours and is left alone'
const CURRENT: Beat = { verdict: 'renewed', writes: 0 }
const BLOCKED: Beat = { verdict: 'blocked', writes: 0, why: IN_THE_WAY }
const TOLD_AS = { name: 'node', source: { side: 'home', resource: NODE } } as const

async function bringUpToDate(peering: Peering, facts: NodeFacts, now: () => number): Promise<Beat> {
  const { home } = peering
  // The Lease's, whether it was renewed before or comes with a new node.
  let writes = 1
  let isNew = false
  for (let tries = 1; ; tries++) {
    try {
      const seen = await readNode(peering)
      if (seen && !isReflected(seen, facts)) return BLOCKED
      const desired = virtualNode(facts, taintsOf(seen))
      const isSame = seen !== undefined && contains(seen, desired)
      const node = isSame ? seen : await home.apply(NODE, guarded(desired, seen))
      if (!isSame) writes++
      if (!seen) {
        isNew = true
        await home.apply(LEASE, nodeLease(node, facts, now()))
      }
      const status = nodeStatus(facts, conditionsOf(node), `${new Date(now()).toISOString().slice(0, 19)}Z`)
      if (!isCurrent(node, status, now())) {
        const { apiVersion, kind, metadata } = node
        await home.apply(NODE, guarded({ apiVersion, kind, metadata: { name: metadata.name }, status }, node), 'status')
        writes++
      }
      return { verdict: isNew ? 'created' : writes > 1 ? 'updated' : 'renewed', writes }
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === MAX_TRIES) throw error
    }
  }
}

function readNode({ home, remote }: Peering): Promise<KubeObject | undefined> {
  return home.get(NODE, { name: nodeName(remote.id) })
}

/** @throws IdentityError when the node was made for another cluster under the same ClusterID */
function proveIdentity(node: KubeObject, clusterUid: string, remote: string): void {
  const stamp = node.metadata.annotations?.[REMOTE_CLUSTER_UID]
  if (stamp === undefined || stamp === clusterUid) return
  throw new IdentityError(
    `node ${node.metadata.name} stands for the cluster with kube-system uid ${stamp}, but ${remote} is now ${clusterUid}; check CLUSTER_${remote.toUpperCase()}_…, or delete the node if that cluster is gone`,
  )
}

import { ClusterError } from '../../lib/cluster/errors.ts'
import type { Side } from '../../lib/kinds/kind.ts'
import { type MemoryCluster, memoryCluster } from '../support/memory-cluster.ts'
import { type Answer, type Call, toAnswer } from './calls.ts'

/** What a person or controller does to a cluster. Where it makes no sense (nothing there to edit) nothing happens. */
export interface Edit {
  label: string
  side: Side
  change(cluster: MemoryCluster): void
  /** It changes namespaces, or which cluster this is. */
  namespaces?: boolean
  /** Takes seconds in life, e.g. until a deleted namespace is gone: functions that had begun before have ended. */
  slow?: boolean
  /** The ClusterID leads to another cluster from now on: that one's name, and how it came to be what it is. */
  other?: { name: string; past: readonly Edit[] }
}

/** How a memory cluster came to be what it is: its name, then every write. Clusters of two names share no uid. */
export interface Past {
  name: string
  log: readonly (Call | Edit)[]
}

/** A memory cluster with the content of the scene. */
export function build({ name, log }: Past): MemoryCluster {
  const cluster = memoryCluster({ id: name })
  for (const entry of log) {
    if ('change' in entry) attempt(cluster, entry)
    else void carryOut(cluster, entry)
  }
  return cluster
}

/** An edit that the cluster refuses, e.g. of an object that is gone, is an edit that nobody made. */
export function attempt(cluster: MemoryCluster, edit: Edit): void {
  try {
    edit.change(cluster)
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error
  }
}

export async function carryOut(cluster: MemoryCluster, call: Call): Promise<Answer> {
  try {
    switch (call.verb) {
      case 'get':
        return toAnswer(await cluster.get(call.resource, call.ref))
      case 'list':
        // Pages of one object, so that a list of two can break off in between.
        return toAnswer({ pages: await Array.fromAsync(cluster.list(call.resource, { ...call.options, limit: 1 })) })
      case 'apply':
        return toAnswer(await cluster.apply(call.resource, call.object, call.subresource))
      case 'delete':
        return toAnswer(await cluster.delete(call.resource, call.ref, call.preconditions))
    }
  } catch (error) {
    if (error instanceof ClusterError) return toAnswer(undefined, error)
    throw error
  }
}

import { CONFIGMAP, NAMESPACE, NAMESPACE_OFFLOADING, SECRET, SERVICE } from '../../lib/cluster/resources.ts'
import { fill } from '../../lib/flows/namespace/fill.ts'
import { offloadNamespace } from '../../lib/flows/namespace/flow.ts'
import { logger } from '../../lib/log.ts'
import type { Peering } from '../../lib/reflect/peering.ts'
import { type MemoryCluster, memoryCluster } from './memory-cluster.ts'
import { networks } from './networks.ts'

/** rome extends into milan (and turin, where asked for), in memory. */
export interface TwoClusters {
  rome: MemoryCluster
  milan: MemoryCluster
  peering: Peering
  /** Lines that the log got. */
  lines: Record<string, unknown>[]
}

export function twoClusters(change: Partial<Peering> = {}): TwoClusters {
  const lines: Record<string, unknown>[] = []
  const rome = memoryCluster({ id: 'rome', withoutStatus: ['configmaps', 'secrets', 'events'] })
  const milan = memoryCluster({ id: 'milan', namespaceDeletion: 'manual' })
  rome.user.create(NAMESPACE, { metadata: { name: 'shop' } })
  const peering: Peering = {
    home: rome,
    remote: milan,
    reflection: {},
    labelsNotReflected: [],
    annotationsNotReflected: [],
    remoteLabels: {},
    networks: networks(),
    log: logger('debug', (line) => void lines.push(JSON.parse(line))),
    ...change,
  }
  return { rome, milan, peering, lines }
}

export function offloading(spec: Record<string, unknown> = {}, namespace = 'shop') {
  return { metadata: { name: 'offloading', namespace }, spec }
}

/** Offloads `shop` and lets the namespace function do its part. */
export async function offload({ rome, peering }: TwoClusters, spec: Record<string, unknown> = {}): Promise<void> {
  rome.user.create(NAMESPACE_OFFLOADING, offloading(spec))
  await offloadNamespace([peering], 'shop', fill)
}

/** Names of the objects of the three kinds in a namespace, e.g. `configmap/cfg`. */
export function namesIn(cluster: MemoryCluster, namespace: string): string[] {
  return [CONFIGMAP, SECRET, SERVICE].flatMap((resource) =>
    cluster.all(resource, namespace).map(({ metadata }) => `${resource.kind.toLowerCase()}/${metadata.name}`),
  )
}

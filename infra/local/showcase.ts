import type { StageOptions } from './stage.ts'

/** How pods are offloaded: by a virtual node, or by scheduling gates, with no node at all. */
export type Mode = 'virtual-node' | 'gate'

/** Pods of rome run on two fake nodes of milan. No network connects the clusters, so the internal one is off. */
export function showcase(mode: Mode): Pick<StageOptions, 'admission' | 'nodes' | 'env'> {
  const gate = { OFFLOADING_MODE: 'gate', NETWORKING_REFLECT_IPS: 'false' }
  return {
    admission: true,
    nodes: { milan: 2 },
    env: { NETWORKING_INTERNAL: 'false', CLUSTER_MILAN_STORAGE_CLASS: 'disk', ...(mode === 'gate' && gate) },
  }
}

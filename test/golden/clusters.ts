import { NAMESPACE, NODE } from '../../lib/cluster/resources.ts'
import { SOURCE_CLUSTER_UID } from '../../lib/reflect/stamp.ts'
import { type MemoryCluster, memoryCluster } from '../support/memory-cluster.ts'
import type { Golden } from './cases.ts'
import { contextOf } from './context.ts'
import { paramsOf } from './pods.ts'

/** Both clusters of a case about pods, in memory: the namespace, its copy, and the virtual node at home. */
export function clustersOf(given: Golden): { home: MemoryCluster; remote: MemoryCluster } {
  const { home: homeId, remote: remoteId, homeNamespace, remoteNamespace } = contextOf(given)
  const { nodeName = '', nodeIP: address } = paramsOf(given)
  const [home, remote] = [memoryCluster({ id: homeId }), memoryCluster({ id: remoteId })]
  home.user.create(NAMESPACE, { metadata: { name: homeNamespace } })
  const annotations = { [SOURCE_CLUSTER_UID]: home.uid }
  remote.user.create(NAMESPACE, { metadata: { name: remoteNamespace, annotations } })
  const labels = { 'liqo.io/type': 'virtual-node', 'liqo.io/remote-cluster-id': remoteId }
  const status = { addresses: [{ type: 'InternalIP', address }] }
  home.user.create(NODE, { metadata: { name: nodeName, labels }, status })
  return { home, remote }
}

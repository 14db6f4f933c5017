import type { KubeObject } from '../../cluster/port.ts'
import { marks } from '../../kinds/meta.ts'

/** Seconds that a lease is good for; as a kubelet's. */
const LEASE_SECONDS = 40

/** The heartbeat: a Lease as a kubelet keeps it, that goes with its Node. @param now epoch ms */
export function nodeLease(node: KubeObject, peers: { home: string; remote: string }, now: number) {
  const { name, uid = '' } = node.metadata
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace: 'kube-node-lease',
      labels: marks(peers),
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }],
    },
    spec: {
      holderIdentity: name,
      leaseDurationSeconds: LEASE_SECONDS,
      renewTime: new Date(now).toISOString().replace('Z', '000Z'),
    },
  } satisfies KubeObject
}

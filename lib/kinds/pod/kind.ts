import { NAMESPACE, NAMESPACE_OFFLOADING, NODE, POD, SHADOW_POD } from '../../cluster/resources.ts'
import { NODE_TYPE, VIRTUAL_NODE } from '../../flows/node/name.ts'
import { mapOf } from '../json.ts'
import { defineKind } from '../kind.ts'
import { TUNNEL } from '../negotiated.ts'
import { homePodGift } from './back.ts'
import { editedShadowPod, remoteShadowPod } from './forge.ts'
import { podNotices } from './notices.ts'
import { selectPod, wasSeen } from './select.ts'

/** Home Pod to remote ShadowPod; the status of the remote Pod that is made of it (shadowpod) comes back. */
export const pod = defineKind({
  name: 'pod',
  source: {
    side: 'home',
    resource: POD,
    // Bound by the scheduler, evicted by whoever drains, or given a status by others than us.
    subresources: ['binding', 'eviction', 'status'],
  },
  target: { side: 'remote', resource: SHADOW_POD, subresources: ['status'], own: ['status'] },
  reads: {
    pods: {
      side: 'remote',
      resource: POD,
      wanted: ({ metadata }) => ({ names: [metadata.name] }),
      wakes: 'namesake',
      subresources: ['status'],
      // Where no kubelet has it, the shadowpod function's deletion is the last that is heard of it.
      own: [''],
    },
    /** The ShadowPod once more: only one looked for after the home pod proves that the one it has seen is lost. */
    shadows: {
      side: 'remote',
      resource: SHADOW_POD,
      wanted: (pod) => ({ names: wasSeen(pod) ? [pod.metadata.name] : [] }),
    },
    /** Which of them stand for the cluster, and their addresses: both stand from a node's creation. */
    nodes: {
      side: 'home',
      resource: NODE,
      wanted: ({ spec }) => (mapOf(spec).nodeName ? { labelSelector: `${NODE_TYPE}=${VIRTUAL_NODE}` } : { names: [] }),
    },
    tunnel: TUNNEL,
    /** Read by the flow that answers pods of namespaces that are not offloaded (lib/flows/refused). */
    offloading: {
      side: 'home',
      resource: NAMESPACE_OFFLOADING,
      wanted: () => ({ names: [] }),
      wakes: 'all',
    },
    /** With the last copy of a namespace the last of its pods are gone: that flow waits for it, by its finalization. */
    copies: {
      side: 'remote',
      resource: NAMESPACE,
      wanted: () => ({ names: [] }),
      wakes: 'all',
      subresources: ['finalize'],
    },
  },
  select: selectPod,
  forge: (source, context) => remoteShadowPod(source, context, context.pods),
  notices: podNotices,
  adapt: editedShadowPod,
  renews: true,
  back: { writes: ['labels', 'status', 'end'], partial: true, forge: homePodGift },
})

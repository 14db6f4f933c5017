import { NODE, POD, SHADOW_POD } from '../../lib/cluster/resources.ts'
import { dispatchPod } from '../../lib/flows/refused/dispatch.ts'
import { shadowpod } from '../../lib/kinds/shadowpod/kind.ts'
import { dispatch } from '../../lib/reflect/dispatch.ts'
import type { TwoClusters } from './two-clusters.ts'

/** The pod `web` of `shop`, and what is made of it. */
export const HOME = { namespace: 'shop', name: 'web' }
export const REMOTE = { namespace: 'shop-rome', name: 'web' }

export function addVirtualNode({ rome }: TwoClusters): void {
  rome.user.create(NODE, {
    metadata: { name: 'liqo-milan', labels: { 'liqo.io/type': 'virtual-node', 'liqo.io/remote-cluster-id': 'milan' } },
    status: { addresses: [{ type: 'InternalIP', address: '10.0.0.9' }] },
  })
}

export function homePod(spec: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}) {
  return {
    metadata: { ...HOME, labels: { app: 'web' }, ...metadata },
    spec: { nodeName: 'liqo-milan', containers: [{ name: 'a', image: 'a:1' }], ...spec },
    status: { phase: 'Pending' },
  }
}

/** What both functions do after an event of each kind: in any order, until neither has anything to do. */
export async function settlePods(world: TwoClusters): Promise<void> {
  const events = [
    () => wakePod(world),
    () => wakeShadowPod(world),
    () =>
      dispatchPod([world.peering], {
        cluster: 'milan',
        kind: 'pod',
        of: 'pods',
        namespace: 'shop-rome',
        names: ['web'],
      }),
  ]
  let before = -1
  while (before !== changesIn(world)) {
    before = changesIn(world)
    for (const event of events) await event()
  }
}

export function wakePod({ peering }: TwoClusters): Promise<void> {
  return dispatchPod([peering], { cluster: 'rome', kind: 'pod', namespace: 'shop', names: ['web'] })
}

export function wakeShadowPod({ peering }: TwoClusters): Promise<void> {
  return dispatch(shadowpod, [peering], { cluster: 'milan', kind: 'shadowpod', namespace: 'shop-rome', names: ['web'] })
}

function changesIn({ rome, milan }: TwoClusters): number {
  return rome.changes.length + milan.changes.length
}

/** What a kubelet of milan reports. */
export function kubelet({ milan }: TwoClusters, status: Record<string, unknown>): void {
  milan.user.edit(POD, REMOTE, (pod) => {
    pod.spec = { nodeName: 'w1', ...(pod.spec as object) }
    pod.status = { ...(pod.status as object), ...status }
  })
}

/** The garbage collector of milan: pods go with their ShadowPods. */
export function collectGarbage({ milan }: TwoClusters): void {
  for (const { metadata } of milan.all(POD, 'shop-rome')) {
    const [owner] = (metadata.ownerReferences ?? []) as { uid?: string }[]
    const isOwned = milan.all(SHADOW_POD, 'shop-rome').some((shadow) => shadow.metadata.uid === owner?.uid)
    if (!isOwned) milan.user.delete(POD, { namespace: 'shop-rome', name: metadata.name }, 'garbage-collector')
  }
}

export function podsOf({ rome, milan }: TwoClusters) {
  return { home: rome.peek(POD, HOME), shadow: milan.peek(SHADOW_POD, REMOTE), remote: milan.peek(POD, REMOTE) }
}

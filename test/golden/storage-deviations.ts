import type { KubeObject } from '../../lib/cluster/port.ts'
import { mapOf } from '../../lib/kinds/json.ts'
import type { Golden } from './cases.ts'
import { ANY_TEXT } from './compare.ts'
import type { Deviation } from './deviations.ts'
import { type Action, isAnswer, withActions } from './reflection.ts'
import { inputOf } from './runner.ts'

/** Where claims and volumes mean to differ. */
export const storageDeviations: readonly Deviation[] = [
  {
    name: 'block-volumes',
    reason:
      'The home volume of a Block claim is a Block volume: nothing else can be bound to the claim. Liqo makes a Filesystem volume, so that the claim stays Pending.',
    rewrite: (expected, given) => {
      const { pvc } = inputOf<{ pvc: KubeObject }>(given)
      const { pv } = mapOf(expected)
      const { volumeMode } = mapOf(pvc?.spec)
      if (given.fn !== 'ProvisionRemotePVC' || !pv || volumeMode !== 'Block') return expected
      return { ...mapOf(expected), pv: { ...mapOf(pv), spec: { ...mapOf(mapOf(pv).spec), volumeMode } } }
    },
  },
  {
    name: 'home-binds',
    reason:
      'The claim is bound to its home volume by the controller of home, which finds it by the claimRef: nothing of a user’s claim is written. Liqo writes it too.',
    rewrite: (expected, given) =>
      withActions(expected, (action) => {
        const isClaim = isLocal(action, given) && action.resource === 'persistentvolumeclaims'
        return isClaim && action.verb === 'update' ? undefined : action
      }),
  },
  {
    name: 'volumes-are-marked',
    reason:
      'A home volume is applied, and bears the marks of the peering and its namespace, by which it is found when its claim is gone; Liqo creates it.',
    rewrite: (expected, given) =>
      withActions(expected, (action) => {
        if (!isLocal(action, given) || action.verb !== 'create' || !action.object) return action
        const { metadata, spec } = action.object
        const { localCluster, remoteCluster, localNamespace } = given.params as Record<string, { id: string }>
        const labels = {
          'offloading.liqo.io/origin': localCluster!.id,
          'offloading.liqo.io/destination': remoteCluster!.id,
          'heliograph.io/home-namespace': String(localNamespace),
        }
        const claimRef = { ...mapOf(mapOf(spec).claimRef), resourceVersion: ANY_TEXT }
        const object: KubeObject = {
          apiVersion: 'v1',
          kind: 'PersistentVolume',
          metadata: { ...metadata, labels, resourceVersion: ANY_TEXT },
          spec: { ...mapOf(spec), claimRef },
        }
        return { ...action, verb: 'apply', object }
      }),
  },
  {
    name: 'no-event-a-step',
    reason:
      'That a volume is being provided is no Event, and a selected node that is not there is one, until the node or another choice of the scheduler changes it; Liqo tells each step and failure twice, and retries.',
    rewrite: (expected, given) => {
      if (given.kind !== 'reflect-persistentvolumeclaim' || !isAnswer(expected)) return expected
      const events = expected.events.filter(
        (event) => !/^(Normal Provisioning|Warning ProvisioningFailed) /.test(event),
      )
      if (events.length === expected.events.length) return expected
      const { error: _, ...rest } = expected
      return { ...rest, events }
    },
  },
]

function isLocal({ cluster }: Action, { kind }: Golden): boolean {
  return kind === 'reflect-persistentvolumeclaim' && cluster === 'local'
}

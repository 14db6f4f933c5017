import type { KubeObject } from '../../../lib/cluster/port.ts'
import { provideVolume } from '../../../lib/flows/volume/flow.ts'
import { homeVolume } from '../../../lib/flows/volume/forge.ts'
import { filled } from '../../../lib/kinds/meta.ts'
import { adaptedClaim, remoteClaim } from '../../../lib/kinds/persistentvolumeclaim/forge.ts'
import { persistentvolumeclaim } from '../../../lib/kinds/persistentvolumeclaim/kind.ts'
import { isNodeOf } from '../../../lib/kinds/persistentvolumeclaim/select.ts'
import { contextOf } from '../context.ts'
import { inputOf, type Runners } from '../runner.ts'
import { reflectOne } from './reflect.ts'

interface Input {
  pvc: KubeObject
  node: KubeObject
  storageClass: KubeObject
  remote: KubeObject
}

export const claims: Runners = {
  ProvisionRemotePVC: (given) => {
    const { pvc, node, storageClass, remote } = inputOf<Input>(given) as Input
    const context = contextOf(given)
    if (!isNodeOf(node, context.remote)) return { error: 'another node', pv: null, state: 'Background' }
    const desired = remoteClaim(pvc, context)
    return {
      pv: provisioned(homeVolume(pvc, storageClass, context)),
      remotePVC: remote ? adaptedClaim(desired, remote) : desired,
      state: 'Finished',
    }
  },
}

/** What a provisioner answers: the library that it is built on adds the rest. */
function provisioned({ metadata, spec }: KubeObject): object {
  const { claimRef: _, ...own } = spec as { claimRef?: unknown }
  return { metadata: filled({ name: metadata.name }), spec: own, status: {} }
}

export const reflectClaim: Runners = {
  ReflectHandle: async (given) => {
    const answer = await reflectOne(persistentvolumeclaim, given, provideVolume)
    // Cases tell the writes at home first.
    return { ...answer, actions: answer.actions.toSorted((a, b) => (a.cluster < b.cluster ? -1 : 1)) }
  },
}

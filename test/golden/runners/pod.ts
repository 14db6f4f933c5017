import type { KubeObject } from '../../../lib/cluster/port.ts'
import { type EndReason, endedPodStatus } from '../../../lib/kinds/pod/ended.ts'
import { editedShadowPod, OFFLOADED, remoteShadowPod } from '../../../lib/kinds/pod/forge.ts'
import { homePodStatus } from '../../../lib/kinds/pod/status.ts'
import { policyOf } from '../../../lib/policy/policy.ts'
import { contextOf } from '../context.ts'
import { homePodOf, paramsOf, podNetworksOf, settingsOf, typed } from '../pods.ts'
import { inputOf, type Runners } from '../runner.ts'

export const pod: Runners = {
  RemoteShadowPod: (given) => {
    const forged = remoteShadowPod(homePodOf(given), contextOf(given), settingsOf(given))
    const { remote } = inputOf<{ remote: KubeObject }>(given)
    return typed(remote ? editedShadowPod(forged, remote) : forged)
  },
  LocalPod: (given) => {
    const { local, remote } = inputOf<Pods>(given)
    const { home, remote: there } = podNetworksOf(given)
    const { nodeIP = '', restarts = 0 } = paramsOf(given)
    const mapping = { policy: policyOf(home, there), nodeIP, restarts }
    return { ...bare(local), status: homePodStatus(local?.status, remote?.status, mapping).status }
  },
  LocalRejectedPod: (given) => {
    const { phase = '', reason } = paramsOf(given)
    const { local } = inputOf<Pods>(given)
    const status = endedPodStatus(local?.status, phase, reason as EndReason, '2026-03-02T14:00:00Z')
    return { ...bare(local), status }
  },
  LocalPodOffloadedLabel: (given) => {
    const { name, namespace, labels } = inputOf<Pods>(given).local!.metadata
    const metadata = { name, namespace, labels: { [OFFLOADED]: 'true' } }
    return { apply: { apiVersion: 'v1', kind: 'Pod', metadata }, needsUpdate: labels?.[OFFLOADED] !== 'true' }
  },
}

interface Pods {
  local: KubeObject
  remote: KubeObject
}

/** What is left of the object in a case where only its status counts. */
function bare(object: KubeObject | undefined): object {
  return { metadata: object?.metadata, spec: { containers: null } }
}

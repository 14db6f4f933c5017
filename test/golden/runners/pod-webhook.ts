import type { KubeObject } from '../../../lib/cluster/port.ts'
import { admitPod } from '../../../lib/flows/admission/admit-pod.ts'
import { inputOf, type Runners } from '../runner.ts'

export const podWebhook: Runners = {
  PodWebhook: (given) => {
    const { pod, namespaceOffloading } = inputOf<{ pod: KubeObject; namespaceOffloading: KubeObject }>(given)
    const { fields, code, message, allowed } = admitPod({
      pod: pod as KubeObject,
      uid: given.id,
      offloading: namespaceOffloading,
      candidates: [],
      runtimeClass: String(given.params.liqoRuntimeClass ?? 'liqo'),
    })
    if (!allowed) return { allowed, code, message }
    // Typed clients write the empty status of a pod that has none yet.
    return { allowed, object: { status: {}, ...pod, spec: { ...(pod?.spec as object), ...fields } } }
  },
}

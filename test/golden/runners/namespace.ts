import type { KubeObject } from '../../../lib/cluster/port.ts'
import { remoteNamespaceName } from '../../../lib/flows/namespace/name.ts'
import { validateOffloading } from '../../../lib/flows/namespace/validate.ts'
import { contextOf, sourceOf } from '../context.ts'
import { inputOf, type Runners } from '../runner.ts'

export const namespaceName: Runners = {
  RemoteNamespaceName: (given) => {
    const { home, homeNamespace } = contextOf(given)
    const offloading = sourceOf(given, 'NamespaceOffloading')
    return remoteNamespaceName(offloading, offloading.metadata.namespace ?? homeNamespace, home)
  },
}

export const namespaceOffloadingWebhook: Runners = {
  NamespaceOffloadingWebhook: (given) => {
    const { object, oldObject } = inputOf<{ object: KubeObject; oldObject: KubeObject }>(given)
    if (!object) throw new TypeError('input.object: an admission webhook is asked about an object')
    return validateOffloading(object, given.params.operation === 'UPDATE' ? oldObject : undefined)
  },
}

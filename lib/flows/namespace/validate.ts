import type { KubeObject } from '../../cluster/port.ts'
import { ACCOUNTS_NAMESPACE, SYSTEM_NAMESPACE } from '../../cluster/resources.ts'
import { OFFLOADING_NAME, specOf } from './name.ts'

/** Answer to an admission request, in the API's words; `reason` and `message` tell why it was denied. */
export interface Answer {
  allowed: boolean
  /** HTTP status. */
  code: number
  reason?: string
  message?: string
  warnings?: string[]
}

/**
 * Whether a NamespaceOffloading may be as it is: `old` is what it was before an update, absent on creation. Order and
 * texts are those of Liqo v1.2 (`pkg/webhooks/namespaceoffloading/nsoff.go`); that namespaces of Kubernetes and of
 * Heliograph are refused is ours: Liqo would offload `kube-system`.
 */
export function validateOffloading(offloading: KubeObject, old?: KubeObject): Answer {
  const { name, namespace = '' } = offloading.metadata
  if (name !== OFFLOADING_NAME) return denied(`NamespaceOffloading name must match ${OFFLOADING_NAME}`)
  if (namespace.startsWith('kube-')) return denied(`Namespace ${namespace} belongs to Kubernetes and is not offloaded`)
  if (OWN.includes(namespace)) return denied(`Namespace ${namespace} is Heliograph's own and is not offloaded`)
  return old ? validateChange(offloading, old) : validateNew(offloading)
}

/** The private key of the tunnels, and the functions' own tokens, are in them. */
const OWN = [SYSTEM_NAMESPACE, ACCOUNTS_NAMESPACE]

function validateNew(offloading: KubeObject): Answer {
  const spec = specOf(offloading)
  if (spec.namespaceMappingStrategy === 'SelectedName' && !spec.remoteNamespaceName) {
    return denied('The RemoteNamespaceName value cannot be empty when using the SelectedName NamespaceMappingStrategy')
  }
  return { allowed: true, code: 200 }
}

function validateChange(offloading: KubeObject, old: KubeObject): Answer {
  const [spec, before] = [specOf(offloading), specOf(old)]
  if ((spec.namespaceMappingStrategy ?? '') !== (before.namespaceMappingStrategy ?? '')) {
    return denied('The NamespaceMappingStrategy value cannot be modified after creation')
  }
  if ((spec.remoteNamespaceName ?? '') !== (before.remoteNamespaceName ?? '')) {
    return denied('The RemoteNamespaceName value cannot be modified after creation')
  }
  const strategy = spec.podOffloadingStrategy ?? ''
  if (strategy === 'LocalAndRemote' || strategy === (before.podOffloadingStrategy ?? '')) {
    return { allowed: true, code: 200 }
  }
  const warning =
    'The PodOffloadingStrategy was mutated to a more restrictive setting: existing pods violating this policy might still be running'
  return { allowed: true, code: 200, warnings: [warning] }
}

function denied(message: string): Answer {
  return { allowed: false, code: 403, reason: 'Forbidden', message }
}

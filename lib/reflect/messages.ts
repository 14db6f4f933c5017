/**
 * Texts of the Events that users see at home, word for word Liqo v1.2's (`pkg/virtualKubelet/forge/events.go`), so that
 * alerts and habits carry over. `remote` is a ClusterID, `cause` the text of an error.
 */

export function failedReflection(remote: string, cause: string): string {
  return `Error reflecting object to cluster ${quoted(remote)}: ${cause}`
}

/** As cause: an object without our marks is in the way, and is left alone. */
export const ALREADY_EXISTS = 'remote object already exists'

export function failedStatusReflection(remote: string, cause: string): string {
  return `Error reflecting object status back from cluster ${quoted(remote)}: ${cause}`
}

/** For a pod on the virtual node whose namespace is not offloaded there. */
export function reflectionDisabled(remote: string, namespace: string): string {
  return (
    `Reflection to cluster ${quoted(remote)} disabled for namespace ${quoted(namespace)}. ` +
    'If this is a DaemonSet scheduling pods in all the nodes across the cluster, ' +
    'you might want to prevent scheduling on Liqo Virtual Nodes. ' +
    'You can configure the rules under `spec.template.spec.affinity.nodeAffinity` so that the pods ' +
    'are not scheduled on Nodes having the label liqo.io/type=virtual-node. ' +
    'For further info check the documentation.'
  )
}

/** `policy` is the reflection type of the kind, e.g. `DenyList`. */
export function objectReflectionDisabled(remote: string, policy: string): string {
  return `Reflection to cluster ${quoted(remote)} disabled for the current object (policy: ${quoted(policy)})`
}

export function saReflectionDisabled(remote: string): string {
  return `Reflection to cluster ${quoted(remote)} disabled for secrets holding service account tokens`
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

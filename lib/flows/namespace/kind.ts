import type { KubeObject } from '../../cluster/port.ts'
import { NAMESPACE, NAMESPACE_OFFLOADING, SYSTEM_NAMESPACE } from '../../cluster/resources.ts'
import { type Context, defineKind, type Selection } from '../../kinds/kind.ts'
import { clusterLabels, nodeName } from '../node/name.ts'
import { remoteNamespace } from './forge.ts'
import { matches, type NodeSelector } from './selector.ts'
import { validateOffloading } from './validate.ts'

/** Characters in a namespace's name, by the API server's rule for DNS labels. */
const MAX_NAME = 63

/**
 * NamespaceOffloading to remote Namespace. Planned and applied like any kind; only where the target is found differs,
 * since its name comes from the source's spec (flow.ts).
 */
export const namespace = defineKind({
  name: 'namespace',
  source: { side: 'home', resource: NAMESPACE_OFFLOADING },
  // A namespace is gone for good, and can be made anew, only with its finalization.
  target: { side: 'remote', resource: NAMESPACE, subresources: ['finalize'] },
  select: selectNamespace,
  forge: remoteNamespace,
})

/**
 * A namespace is offloaded to the clusters its selector matches. What cannot be carried out (a system namespace, a name
 * too long, a selector that makes no sense) creates nothing and, unlike a selector that does not match, removes nothing.
 */
export function selectNamespace(offloading: KubeObject, context: Context): Selection {
  const refused = refusal(offloading, context)
  if (refused) return { reflect: false, keep: true, fault: true, why: refused }
  const labels = clusterLabels(context.remote, context.remoteLabels)
  try {
    const isSelected = matches(selectorOf(offloading), labels, { 'metadata.name': nodeName(context.remote) })
    return isSelected ? { reflect: true } : { reflect: false, quiet: true, why: NOT_SELECTED }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return { reflect: false, keep: true, fault: true, why: error.message }
  }
}

/** Why of a cluster that the selector leaves out: the one reason that is no fault. */
export const NOT_SELECTED = 'the cluster is not selected by clusterSelector'

function refusal(offloading: KubeObject, { remoteNamespace: name }: Context): string | undefined {
  const answer = validateOffloading(offloading)
  if (!answer.allowed) return answer.message
  if (name.startsWith('kube-') || name === SYSTEM_NAMESPACE) {
    return `remote namespace name "${name}" is a system namespace; choose another name`
  }
  if (name.length > MAX_NAME) {
    return `remote namespace name "${name}" has ${name.length} characters, at most ${MAX_NAME} are allowed; use namespaceMappingStrategy SelectedName with a shorter remoteNamespaceName`
  }
  return undefined
}

function selectorOf(offloading: KubeObject): NodeSelector | undefined {
  const spec = offloading.spec as { clusterSelector?: NodeSelector } | undefined
  return spec?.clusterSelector
}

import type { KubeObject } from '../../cluster/port.ts'

/** The only name that a NamespaceOffloading may have: one a namespace. */
export const OFFLOADING_NAME = 'offloading'

/** `spec` of a NamespaceOffloading (`offloading.liqo.io/v1beta1`), as far as names and strategies go. */
export interface OffloadingSpec {
  /** `EnforceSameName`, `DefaultName` or `SelectedName`. */
  namespaceMappingStrategy?: string
  /** For `SelectedName` only. */
  remoteNamespaceName?: string
  /** `Local`, `Remote` or `LocalAndRemote`. */
  podOffloadingStrategy?: string
}

export function specOf(offloading: KubeObject): OffloadingSpec {
  return (offloading.spec ?? {}) as OffloadingSpec
}

/**
 * Name of the namespace's copy, the same in every remote cluster. Not shortened: a name over 63 characters is refused
 * by the remote API server. Source of the rule: Liqo v1.2, `namespaceoffloading-controller/status.go`.
 *
 * | strategy | name | for `shop` of cluster `rome` |
 * |---|---|---|
 * | EnforceSameName | the home namespace's | `shop` |
 * | SelectedName | `spec.remoteNamespaceName`, empty when unset | |
 * | DefaultName, none or any other | home namespace and home ClusterID | `shop-rome` |
 */
export function remoteNamespaceName(offloading: KubeObject, homeNamespace: string, homeId: string): string {
  const spec = specOf(offloading)
  switch (spec.namespaceMappingStrategy) {
    case 'EnforceSameName':
      return homeNamespace
    case 'SelectedName':
      return spec.remoteNamespaceName ?? ''
    default:
      return `${homeNamespace}-${homeId}`
  }
}

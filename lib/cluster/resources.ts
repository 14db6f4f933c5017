import type { Resource } from './port.ts'

/** The kinds that Heliograph reads or writes, as the API names them. */
export const CONFIGMAP = core('configmaps', 'ConfigMap')
export const SECRET = core('secrets', 'Secret')
export const SERVICE = core('services', 'Service')
export const EVENT = core('events', 'Event')
export const NAMESPACE: Resource = { ...core('namespaces', 'Namespace'), namespaced: false }
export const NAMESPACE_OFFLOADING: Resource = {
  group: 'offloading.liqo.io',
  version: 'v1beta1',
  plural: 'namespaceoffloadings',
  kind: 'NamespaceOffloading',
  namespaced: true,
}

function core(plural: string, kind: string): Resource {
  return { group: '', version: 'v1', plural, kind, namespaced: true }
}

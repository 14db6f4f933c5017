import type { KubeObject } from '../../cluster/port.ts'
import type { Context } from '../../kinds/kind.ts'
import { marks } from '../../kinds/meta.ts'
import { HOME_NAMESPACE } from '../../reflect/pairs.ts'

/**
 * The remote Namespace of an offloading. Names as in Liqo (`namespacemap-controller`); the label with the home
 * namespace is ours: it takes the place of Liqo's NamespaceMap.
 */
export function remoteNamespace(_offloading: KubeObject, context: Context): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: context.remoteNamespace,
      labels: {
        ...marks(context),
        'liqo.io/remote-cluster-id': context.home,
        [HOME_NAMESPACE]: context.homeNamespace,
      },
      annotations: { 'liqo.io/original-name': context.homeNamespace },
    },
  }
}

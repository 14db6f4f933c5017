import type { KubeObject } from '../../cluster/port.ts'
import { CONFIGMAP } from '../../cluster/resources.ts'
import { objectReflectionDisabled } from '../../reflect/messages.ts'
import { bySkipAndAllow, explicitChoice } from '../../reflect/selection.ts'
import { type Context, defineKind, type Selection } from '../kind.ts'
import { homeConfigMapName, ROOT_CA, remoteConfigMap, remoteConfigMapName } from './forge.ts'

export const configmap = defineKind({
  name: 'configmap',
  source: { side: 'home', resource: CONFIGMAP },
  target: { side: 'remote', resource: CONFIGMAP },
  targetName: remoteConfigMapName,
  sourceName: homeConfigMapName,
  select: selectConfigMap,
  renews: ({ immutable }) => immutable === true,
  forge: remoteConfigMap,
})

/**
 * Pods need the home CA to call the home API server, so its ConfigMap is reflected under either list unless its own
 * annotations say otherwise (Liqo v1.2, `reflection/configuration/configmap.go`). Where they contradict each other
 * Liqo fails and retries; here the object is left as it is and the user is told.
 */
export function selectConfigMap(source: KubeObject, context: Context): Selection {
  const { name } = source.metadata
  if (homeConfigMapName(name, context) !== name) {
    return { reflect: false, keep: true, fault: true, why: `the name ${name} is kept for the reflection of ${ROOT_CA}` }
  }
  if (name !== ROOT_CA || context.reflection === 'Off') return bySkipAndAllow(source, context)
  switch (explicitChoice(source)) {
    case 'contradiction':
      return { reflect: false, keep: true, fault: true, why: 'the object has both the skip and the allow annotation' }
    case 'skip':
      return { reflect: false, why: objectReflectionDisabled(context.remote, context.reflection) }
    default:
      return { reflect: true }
  }
}

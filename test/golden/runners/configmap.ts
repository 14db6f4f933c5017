import { remoteConfigMap } from '../../../lib/kinds/configmap/forge.ts'
import { contextOf, sourceOf } from '../context.ts'
import type { Runners } from '../runner.ts'

export const configmap: Runners = {
  RemoteConfigMap: (given) => remoteConfigMap(sourceOf(given, 'ConfigMap'), contextOf(given)),
}

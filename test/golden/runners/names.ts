import { homeConfigMapName, remoteConfigMapName } from '../../../lib/kinds/configmap/forge.ts'
import { without } from '../../../lib/kinds/meta.ts'
import type { Golden } from '../cases.ts'
import { contextOf } from '../context.ts'
import { inputOf, type Runners } from '../runner.ts'

export const names: Runners = {
  'Pure:RemoteConfigMapName': (given) => remoteConfigMapName(nameOf(given), contextOf(given)),
  'Pure:LocalConfigMapName': (given) => homeConfigMapName(nameOf(given), contextOf(given)),
  'Pure:FilterNotReflected': (given) => {
    const { labels, keys = [] } = inputOf<{ labels: Record<string, string>; keys: string[] }>(given)
    return without(labels, keys)
  },
}

function nameOf(given: Golden): string {
  return inputOf<{ args: string[] }>(given).args?.[0] ?? ''
}

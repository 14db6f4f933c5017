import { marks } from '../../../lib/kinds/meta.ts'
import { NODE_NAME } from '../../../lib/kinds/pod/forge.ts'
import { remoteTolerations, workloadLabels } from '../../../lib/kinds/pod/scheduling.ts'
import { tokenKey } from '../../../lib/kinds/pod/tokens.ts'
import { isTokenSecret } from '../../../lib/kinds/secret/kind.ts'
import { contextOf } from '../context.ts'
import { inputOf, type Runners } from '../runner.ts'

/** Small functions about pods, among the cases of names and labels. */
export const podNames: Runners = {
  'Pure:ServiceAccountTokenKey': (given) => {
    const [volume = '', path = ''] = inputOf<{ args: string[] }>(given).args ?? []
    return tokenKey(volume, path)
  },
  'Pure:FilterAntiAffinityLabels': (given) => {
    const { labels = {}, args = [] } = inputOf<{ labels: Record<string, string>; args: string[] }>(given)
    return workloadLabels(labels, args[0])
  },
  'Pure:RemoteTolerations': (given) => {
    const { tolerations = [] } = inputOf<{ tolerations: Record<string, unknown>[] }>(given)
    return remoteTolerations(tolerations)
  },
  'Pure:ReflectionLabelsWithNodeName': (given) => {
    const [node] = inputOf<{ args: string[] }>(given).args ?? []
    return { ...marks(contextOf(given)), [NODE_NAME]: node }
  },
  'Pure:IsServiceAccountSecret': (given) => {
    const { labels = {} } = inputOf<{ labels: Record<string, string> }>(given)
    return isTokenSecret({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', labels } })
  },
}

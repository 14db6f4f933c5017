import { remoteKind } from '../../../lib/kinds/endpointslice/forge.ts'
import { endpointslice } from '../../../lib/kinds/endpointslice/kind.ts'
import { remoteAnnotations } from '../../../lib/kinds/ingress/forge.ts'
import { bearsLabels } from '../../../lib/kinds/meta.ts'
import { inputOf, type Runners } from '../runner.ts'

/** Small functions about EndpointSlices and Ingresses, among the cases of names and labels. */
export const exposition: Runners = {
  'Pure:IsEndpointSliceManagedByReflection': (given) => {
    const { labels = {} } = inputOf<{ labels: Record<string, string> }>(given)
    return bearsLabels({ metadata: { labels } }, endpointslice.target)
  },
  'Pure:RemoteKind': (given) => remoteKind(inputOf<{ args: string[] }>(given).args?.[0]),
  'Pure:FilterIngressAnnotations': (given) => {
    const { annotations } = inputOf<{ annotations: Record<string, string> }>(given)
    return remoteAnnotations(annotations)
  },
}

import { remoteIngress } from '../../../lib/kinds/ingress/forge.ts'
import { contextOf, sourceOf } from '../context.ts'
import type { Runners } from '../runner.ts'

export const ingress: Runners = {
  RemoteIngress: (given) => remoteIngress(sourceOf(given, 'Ingress', 'networking.k8s.io/v1'), contextOf(given)),
}

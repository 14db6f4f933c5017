import { configmap as configmapKind } from '../../lib/kinds/configmap/kind.ts'
import { event as eventKind } from '../../lib/kinds/event/kind.ts'
import { ingress as ingressKind } from '../../lib/kinds/ingress/kind.ts'
import { secret as secretKind } from '../../lib/kinds/secret/kind.ts'
import { service as serviceKind } from '../../lib/kinds/service/kind.ts'
import type { Runners } from './runner.ts'
import { configmap } from './runners/configmap.ts'
import { endpointslice, reflectEndpointSlice } from './runners/endpointslice.ts'
import { remoteSlices } from './runners/endpointslice-remote.ts'
import { eventMessage } from './runners/event-message.ts'
import { exposition } from './runners/exposition.ts'
import { ingress } from './runners/ingress.ts'
import { ipMapping } from './runners/ip-mapping.ts'
import { ipamAllocation } from './runners/ipam-allocation.ts'
import { ipamPure } from './runners/ipam-pure.ts'
import { labels } from './runners/labels.ts'
import { names } from './runners/names.ts'
import { namespaceName, namespaceOffloadingWebhook } from './runners/namespace.ts'
import { claims, reflectClaim } from './runners/persistentvolumeclaim.ts'
import { pod } from './runners/pod.ts'
import { podNames } from './runners/pod-names.ts'
import { podWebhook } from './runners/pod-webhook.ts'
import { policy } from './runners/policy.ts'
import { reflectionOf } from './runners/reflect.ts'
import { reflectPod, shadowPods } from './runners/reflect-pod.ts'
import { secret } from './runners/secret.ts'
import { service } from './runners/service.ts'
import { reflectTokens, tokens } from './runners/serviceaccount.ts'

/** By kind of case. A case of a kind, or of a behaviour of a kind, that is not here fails. */
export const runners: Readonly<Record<string, Runners>> = {
  configmap,
  endpointslice,
  'endpointslice-remote': remoteSlices,
  'event-message': eventMessage,
  ingress,
  'ip-mapping': ipMapping,
  'ipam-allocation': ipamAllocation,
  'ipam-pure': ipamPure,
  labels: { ...labels, ...exposition, ...podNames },
  names: { ...names, ...exposition, ...podNames },
  'namespace-name': namespaceName,
  'namespaceoffloading-webhook': namespaceOffloadingWebhook,
  persistentvolumeclaim: claims,
  'pod-from-shadow': shadowPods,
  'pod-local': pod,
  'pod-remote': pod,
  'pod-status': pod,
  'pod-webhook': podWebhook,
  policy,
  'reflect-configmap': reflectionOf(configmapKind),
  'reflect-endpointslice': reflectEndpointSlice,
  'reflect-event': reflectionOf(eventKind),
  'reflect-ingress': reflectionOf(ingressKind),
  'reflect-persistentvolumeclaim': reflectClaim,
  'reflect-pod': reflectPod,
  'reflect-pod-fallback': reflectPod,
  'reflect-secret': reflectionOf(secretKind),
  'reflect-service': reflectionOf(serviceKind),
  'reflect-serviceaccount': reflectTokens,
  secret,
  service,
  serviceaccount: tokens,
  'unit-fact': {
    ...configmap,
    ...endpointslice,
    ...exposition,
    ...ingress,
    ...ipMapping,
    ...ipamAllocation,
    ...ipamPure,
    ...labels,
    ...names,
    ...pod,
    ...podNames,
    ...podWebhook,
    ...secret,
    ...service,
  },
}

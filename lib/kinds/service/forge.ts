import type { KubeObject } from '../../cluster/port.ts'
import { mapOf, mapsOf } from '../json.ts'
import type { Context } from '../kind.ts'
import { filled, remoteMeta, without } from '../meta.ts'

/** Annotation: `true` asks for the same node ports in the remote cluster. */
const FORCE_NODE_PORT = 'liqo.io/force-remote-node-port'

/**
 * Fields of the spec that belong to the home cluster: addresses and ports of its network, the class of its load
 * balancers, and sessionAffinityConfig, which Liqo leaves to the remote defaults.
 */
const NOT_SENT = [
  'clusterIP',
  'clusterIPs',
  'externalIPs',
  'healthCheckNodePort',
  'ipFamilies',
  'loadBalancerClass',
  'loadBalancerIP',
  'sessionAffinityConfig',
]

/** Always sent, with Go's zero value when the source has none, so that a value set earlier is taken back. */
const ZERO = {
  type: '',
  externalName: '',
  externalTrafficPolicy: '',
  publishNotReadyAddresses: false,
  sessionAffinity: '',
}

const PORT_ZERO = { name: '', protocol: '', port: 0, targetPort: 0 }

/**
 * The Service to apply remotely. The selector stays, so the remote control plane selects the offloaded pods itself.
 * All fields of the spec travel but those of `NOT_SENT`: fields that this version does not know pass unchanged, and an
 * older remote API server that refuses one is reported to the user, rather than the field lost unseen.
 * Source of the rule: Liqo v1.2, `pkg/virtualKubelet/forge/services.go`, whose list of fields is closed.
 */
export function remoteService(source: KubeObject, context: Context): KubeObject {
  const spec = mapOf(source.spec)
  const force = source.metadata.annotations?.[FORCE_NODE_PORT] === 'true'
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: remoteMeta(source, context),
    ...filled(without(source, ['apiVersion', 'kind', 'metadata', 'spec', 'status'])),
    spec: {
      ...ZERO,
      ...filled(without(spec, [...NOT_SENT, 'ports'])),
      ...filled({ ports: mapsOf(spec.ports).map((port) => remotePort(port, force)) }),
      ...(spec.clusterIP === 'None' && { clusterIP: 'None' }),
      ...(spec.type === 'LoadBalancer' &&
        context.loadBalancerClass !== undefined && { loadBalancerClass: context.loadBalancerClass }),
    },
  }
}

/**
 * The node port is the remote cluster's to choose, unless forced: then home's is sent. Without one at home an explicit
 * 0 is sent, which takes it back when a NodePort Service becomes a ClusterIP one.
 */
function remotePort(port: Record<string, unknown>, force: boolean): Record<string, unknown> {
  const nodePort = port.nodePort ?? 0
  return {
    ...PORT_ZERO,
    ...filled(without(port, ['nodePort'])),
    ...((nodePort === 0 || force) && { nodePort }),
  }
}

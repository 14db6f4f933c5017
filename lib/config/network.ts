import { DEFAULT_MTU } from '../flows/network/fabric/names.ts'
import { optional, type Reader } from './reader.ts'

/** How a cluster's end of the internal network is run. */
export interface GatewaySettings {
  /** Type of the Service that its gateway is reached by. */
  readonly serviceType: 'LoadBalancer' | 'NodePort'
  /** Annotations of that Service, e.g. for the cloud that provides its load balancer. */
  readonly annotations: Readonly<Record<string, string>>
  /** Of gateway and route agents; without one they cannot be run. */
  readonly image?: string
}

export const NETWORK_GLOBAL = ['GATEWAY_IMAGE', 'NETWORK_MTU']
export const NETWORK_PER_CLUSTER = ['GATEWAY_IMAGE', 'GATEWAY_SERVICE_TYPE', 'GATEWAY_ANNOTATIONS']

export function readGateway(reader: Reader, prefix: string): GatewaySettings {
  const image = reader.text(`${prefix}GATEWAY_IMAGE`) ?? reader.text('GATEWAY_IMAGE')
  return {
    serviceType: reader.oneOf(`${prefix}GATEWAY_SERVICE_TYPE`, ['LoadBalancer', 'NodePort'], 'LoadBalancer'),
    annotations: reader.pairs(`${prefix}GATEWAY_ANNOTATIONS`, 'annotation', 'example.org/load-balancer-type=nlb'),
    ...optional('image', image),
  }
}

/** Bytes of an IP packet in the tunnel. IPv4 needs 576 at least. */
export function readMtu(reader: Reader): number {
  const mtu = reader.count('NETWORK_MTU', DEFAULT_MTU)
  if (mtu < 576 || mtu > 9000) reader.problems.push(`NETWORK_MTU: "${mtu}" is not valid; use bytes, 576 to 9000`)
  return mtu
}

import type { KubeObject } from '../../cluster/port.ts'
import { SYSTEM_NAMESPACE } from '../../cluster/resources.ts'
import { clusterPrefix } from '../../config/reader.ts'
import { mapOf, mapsOf } from '../../kinds/json.ts'
import { isDomainName, parseAddress } from '../../policy/address.ts'
import { specialOf } from '../../policy/allow-list.ts'
import { GATEWAY, GATEWAY_KEY, WIREGUARD_PORT_NAME } from './fabric/names.ts'
import { fault, type Hindrance, waiting } from './hindrance.ts'
import type { NetworkCluster } from './world.ts'

/** How a cluster's gateway is reached, and by what key it is known. */
export interface Parameters {
  /** IP address or host name. */
  readonly endpointIP: string
  readonly port: string
  readonly publicKey: string
}

/** Annotations of the Service, Liqo's: where NodePorts are reached, and what to tell peers instead. */
export const GATEWAY_NODE_IP = 'net.liqo.io/gatewayNodeIP'
const OVERRIDE_ADDRESS = 'liqo.io/override-address'
const OVERRIDE_PORT = 'liqo.io/override-port'

/**
 * What a cluster says of its gateway: the Service's address as it is reached from outside, and the public key that the
 * gateway has published. All of it ends in another cluster's configuration, so that nothing but an address, a port and a
 * key may be in it.
 */
export function parametersOf(
  { id, gateway }: Pick<NetworkCluster, 'id' | 'gateway'>,
  service: KubeObject | undefined,
  key: KubeObject | undefined,
): Parameters | Hindrance {
  if (gateway.image === undefined && service === undefined) return fault('NoGatewayImage', noImage(id))
  if (service === undefined) return waiting('WaitingForGateway', `Service ${NAMED} does not exist in ${id} yet`)
  const endpoint = endpointOf(id, service)
  if ('reason' in endpoint) return endpoint
  const publicKey = mapOf(key?.data).publicKey
  if (publicKey === undefined) return waiting('WaitingForPublicKey', noKey(id))
  if (!isPublicKey(publicKey)) return fault('BadPublicKey', badKey(id))
  return { ...endpoint, publicKey }
}

/** Whether it is one: 32 bytes in base64. */
export function isPublicKey(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(text)
}

/** Whether it is a host name, or an IP address that means the same in another cluster. */
export function isHost(text: unknown): text is string {
  if (typeof text !== 'string') return false
  const address = parseAddress(text)
  return 'unreadable' in address ? isDomainName(text) : specialOf(address) === undefined
}

/** Whether it is a number from 1 to 65535. */
export function isPort(text: unknown): text is string {
  return typeof text === 'string' && /^[1-9]\d{0,4}$/.test(text) && Number(text) < 65_536
}

const NAMED = `${SYSTEM_NAMESPACE}/${GATEWAY}`
const KEY_NAMED = `${SYSTEM_NAMESPACE}/${GATEWAY_KEY}`

function endpointOf(id: string, service: KubeObject): Pick<Parameters, 'endpointIP' | 'port'> | Hindrance {
  const found = addressOf(id, service)
  if ('reason' in found) return found
  const { [OVERRIDE_ADDRESS]: address = found.address, [OVERRIDE_PORT]: port = found.port } =
    service.metadata.annotations ?? {}
  if (address === undefined) return waiting('WaitingForAddress', found.wanted)
  if (!isHost(address)) return fault('BadAddress', `the address of Service ${NAMED} in ${id} ${BAD_HOST}`)
  if (!isPort(port)) return fault('BadPort', `the port of Service ${NAMED} in ${id} is not 1 to 65535: ${PORT_HINT}`)
  return { endpointIP: address, port }
}

/** By the Service's type; `wanted` says what there is to wait for where the address is absent. */
function addressOf(
  id: string,
  { metadata, spec, status }: KubeObject,
): { address: string | undefined; port: string | undefined; wanted: string } | Hindrance {
  const { type, ports } = mapOf(spec)
  const port = mapsOf(ports).find(({ name }) => name === WIREGUARD_PORT_NAME)
  const said = (number: unknown) => (typeof number === 'number' ? String(number) : undefined)
  if (type === 'LoadBalancer') {
    const [ingress] = mapsOf(mapOf(mapOf(status).loadBalancer).ingress)
    const address = [ingress?.ip, ingress?.hostname].find((text) => typeof text === 'string' && text !== '')
    return { address: address as string | undefined, port: said(port?.port), wanted: noBalancer(id) }
  }
  if (type === 'NodePort') {
    const address = metadata.annotations?.[GATEWAY_NODE_IP]
    return { address, port: said(port?.nodePort), wanted: noNode(id) }
  }
  const setting = `${clusterPrefix(id)}GATEWAY_SERVICE_TYPE`
  const why = `Service ${NAMED} in ${id} is of type ${String(type)}, which no other cluster reaches`
  return fault('BadServiceType', `${why}; use LoadBalancer or NodePort (${setting})`)
}

const BAD_HOST = `is no address that another cluster reaches, nor a host name; correct it by annotation ${OVERRIDE_ADDRESS}`
const PORT_HINT = `correct annotation ${OVERRIDE_PORT}, or its port named ${WIREGUARD_PORT_NAME}`

function noImage(id: string): string {
  return `GATEWAY_IMAGE: missing, so that no gateway runs in ${id}; set it, or ${clusterPrefix(id)}GATEWAY_IMAGE`
}

function noBalancer(id: string): string {
  return `Service ${NAMED} in ${id} has no address yet; where nothing provides load balancers, use ${clusterPrefix(id)}GATEWAY_SERVICE_TYPE=NodePort or annotation ${OVERRIDE_ADDRESS}`
}

function noNode(id: string): string {
  return `Service ${NAMED} in ${id} has no annotation ${GATEWAY_NODE_IP} yet: it follows the node that the gateway runs on; look at the Pods of Deployment ${NAMED}`
}

function noKey(id: string): string {
  return `the gateway of ${id} has not published its public key (ConfigMap ${KEY_NAMED}) yet; look at the Pods of Deployment ${NAMED}`
}

function badKey(id: string): string {
  return `publicKey of ConfigMap ${KEY_NAMED} in ${id} is no WireGuard key; delete the ConfigMap, and the gateway publishes it anew`
}

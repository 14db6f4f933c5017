import type { KubeObject } from '../../cluster/port.ts'
import { mapOf, mapsOf } from '../../kinds/json.ts'
import { parseAddress } from '../../policy/address.ts'
import { type TunnelCIDRs, tunnelCIDRs, tunnelProblem } from '../../policy/tunnel.ts'
import { usableMappings } from '../mapping/allocate.ts'
import { mappingByOriginal } from '../mapping/mapping.ts'
import { NODE_TYPE, VIRTUAL_NODE } from '../node/name.ts'
import type { Fabric, FabricNode, FabricPeer } from './fabric/index.ts'
import { peerOf } from './names.ts'
import { isHost, isPort, isPublicKey } from './parameters.ts'

/** What the data plane of one cluster is made from, as it stands in that cluster alone. */
export interface FabricSources {
  readonly tunnels: readonly KubeObject[]
  readonly mappings: readonly KubeObject[]
  readonly nodes: readonly KubeObject[]
  /** Pods of the gateway. */
  readonly gateways: readonly KubeObject[]
}

/**
 * The fabric of a cluster. A TunnelEndpoint that somebody has spoilt is left out until it is mended, so that the others
 * are served.
 */
export function fabricOf(cluster: string, mtu: number, { tunnels, mappings, nodes, gateways }: FabricSources): Fabric {
  const peers = tunnels.flatMap((tunnel) => peerIn(tunnel, mappings))
  const gateway = gatewayIn(gateways)
  return {
    cluster,
    peers: peers.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    nodes: nodes.flatMap(nodeIn).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ...(gateway && { gateway }),
    mtu,
  }
}

/** Where a node is reached by others: its first IPv4 address of the type. */
export function nodeAddress(node: KubeObject, type: 'InternalIP' | 'ExternalIP'): string | undefined {
  const addresses = mapsOf(mapOf(node.status).addresses).filter((address) => address.type === type)
  return addresses.map(({ address }) => address).find(isIPv4)
}

/** The Pod that is, or is to become, the gateway: one that stays, is ready, and is the latest, in this order. */
export function gatewayIn(pods: readonly KubeObject[]): Fabric['gateway'] {
  const [pod] = pods
    .filter(({ spec, status }) => mapOf(spec).nodeName && isIPv4(mapOf(status).podIP))
    .toSorted((a, b) => (rankOf(a) > rankOf(b) ? -1 : 1))
  return pod && { node: String(mapOf(pod.spec).nodeName), ip: String(mapOf(pod.status).podIP) }
}

function rankOf({ metadata, status }: KubeObject): string {
  const isReady = mapsOf(mapOf(status).conditions).some((one) => one.type === 'Ready' && one.status === 'True')
  const stays = metadata.deletionTimestamp === undefined
  return `${Number(stays)}${Number(isReady)} ${metadata.creationTimestamp} ${metadata.name}`
}

function peerIn(tunnel: KubeObject, mappings: readonly KubeObject[]): FabricPeer[] {
  const id = peerOf(tunnel)
  const spec = mapOf(tunnel.spec)
  const { endpointIP } = spec
  const { publicKey, port } = mapOf(spec.backend_config)
  const cidrs = tunnelCIDRs(spec)
  const isSound = id !== '' && isHost(endpointIP) && isPort(port) && isPublicKey(publicKey)
  if (!isSound || tunnelProblem(cidrs) !== undefined) return []
  const host = endpointIP.includes(':') ? `[${endpointIP}]` : endpointIP
  return [{ id, publicKey, endpoint: `${host}:${port}`, cidrs, mappings: mappingsFor(id, cidrs, mappings) }]
}

/** The lowest of several for one address, as every reader takes it; what is outside the external CIDR is stale. */
function mappingsFor(peer: string, { localExternalCIDR: cidr }: TunnelCIDRs, objects: readonly KubeObject[]) {
  const sound = usableMappings({ peer, cidr }, objects).filter(({ original }) => isIPv4(original))
  return Object.fromEntries(
    [...mappingByOriginal(sound).values()].map(({ original, external }) => [original, external]),
  )
}

function nodeIn(node: KubeObject): FabricNode[] {
  const ip = nodeAddress(node, 'InternalIP')
  if (ip === undefined || node.metadata.labels?.[NODE_TYPE] === VIRTUAL_NODE) return []
  const { podCIDRs, podCIDR } = mapOf(node.spec)
  const texts = Array.isArray(podCIDRs) ? podCIDRs : [podCIDR]
  return [{ name: node.metadata.name, ip, podCIDRs: texts.filter((text) => typeof text === 'string') }]
}

function isIPv4(text: unknown): text is string {
  if (typeof text !== 'string') return false
  const address = parseAddress(text)
  return 'family' in address && address.family === 4
}

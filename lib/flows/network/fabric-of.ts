import type { KubeObject } from '../../cluster/port.ts'
import { SYSTEM_NAMESPACE } from '../../cluster/resources.ts'
import { clusterPrefix } from '../../config/reader.ts'
import { mapOf, mapsOf } from '../../kinds/json.ts'
import { holds } from '../../policy/cidr.ts'
import { effectiveCIDR, type TunnelCIDRs, tunnelCIDRs, tunnelProblem } from '../../policy/tunnel.ts'
import { usableMappings } from '../mapping/allocate.ts'
import { mappingByOriginal } from '../mapping/mapping.ts'
import { NODE_TYPE, VIRTUAL_NODE } from '../node/name.ts'
import type { Fabric, FabricNode, FabricPeer } from './fabric/index.ts'
import { isIPv4Address } from './fabric/ipv4.ts'
import { GATEWAY_KEY } from './fabric/names.ts'
import { fault, type Hindrance } from './hindrance.ts'
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
 * The fabric of a cluster. A TunnelEndpoint that somebody has spoilt is left out until it is mended, and so is a peer that
 * the agents would refuse or that would do harm, so that the others are served: what each is left out for is told.
 */
export function fabricOf(
  cluster: string,
  mtu: number,
  { tunnels, mappings, nodes, gateways }: FabricSources,
): { fabric: Fabric; leftOut: Hindrance[] } {
  const hosts = oneOfEachIP(nodes).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  // The one that was there first stays.
  const ordered = tunnels.toSorted((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1))
  const peers: FabricPeer[] = []
  const leftOut: Hindrance[] = []
  for (const peer of ordered.flatMap((tunnel) => peerIn(tunnel, mappings))) {
    const why = sameKey(cluster, peer, peers) ?? holdsNode(cluster, peer, hosts)
    if (why) leftOut.push(why)
    else peers.push(peer)
  }
  const gateway = gatewayIn(gateways)
  return {
    fabric: {
      cluster,
      peers: peers.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      nodes: hosts,
      ...(gateway && { gateway }),
      mtu,
    },
    leftOut,
  }
}

const ageOf = ({ metadata }: KubeObject) => `${metadata.creationTimestamp} ${metadata.name}`

/** Packets for both would go to one of them. */
function sameKey(cluster: string, { id, publicKey }: FabricPeer, others: readonly FabricPeer[]): Hindrance | undefined {
  const other = others.find((one) => one.publicKey === publicKey)
  if (!other) return undefined
  return fault(
    'SameKey',
    `${id} has no tunnel from ${cluster}: it has the gateway key of ${other.id}; delete Secret ${SYSTEM_NAMESPACE}/${GATEWAY_KEY} in ${id}, and its gateway makes another`,
  )
}

/** All nodes would send what is for one of them, e.g. for its kubelet, into the tunnel. */
function holdsNode(cluster: string, { id, cidrs }: FabricPeer, nodes: readonly FabricNode[]): Hindrance | undefined {
  const { remotePodCIDR, remoteNATPodCIDR, remoteExternalCIDR, remoteNATExternalCIDR } = cidrs
  const names = [
    effectiveCIDR(remotePodCIDR, remoteNATPodCIDR),
    effectiveCIDR(remoteExternalCIDR, remoteNATExternalCIDR),
  ]
  for (const name of names) {
    const node = nodes.find(({ ip }) => holds(name, ip))
    if (!node) continue
    return fault(
      'NodeInNetwork',
      `${id} has no tunnel from ${cluster}: node ${node.name} (${node.ip}) of ${cluster} is in ${name}, its name for a network of ${id}; set NETWORKING_INTERNAL=false for ${cluster} until a sweep has removed its network, and with ${clusterPrefix(cluster)}RESERVED_SUBNETS naming the nodes' network set it back`,
    )
  }
  return undefined
}

/** A Node object may outlive its machine, whose address another has then: the ready one counts, else the latest. */
function oneOfEachIP(nodes: readonly KubeObject[]): FabricNode[] {
  const ranked = nodes.toSorted((a, b) => (rankOf(a) > rankOf(b) ? -1 : 1)).flatMap(nodeIn)
  return [...Map.groupBy(ranked, ({ ip }) => ip).values()].map(([first]) => first!)
}

/** Where a node is reached by others: its first IPv4 address of the type. */
export function nodeAddress(node: KubeObject, type: 'InternalIP' | 'ExternalIP'): string | undefined {
  const addresses = mapsOf(mapOf(node.status).addresses).filter((address) => address.type === type)
  return addresses.map(({ address }) => address).find(isIPv4Address)
}

/** The Pod that is, or is to become, the gateway: one that stays, is ready, and is the latest, in this order. */
export function gatewayIn(pods: readonly KubeObject[]): Fabric['gateway'] {
  const [pod] = pods
    .filter(({ spec, status }) => mapOf(spec).nodeName && isIPv4Address(mapOf(status).podIP))
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
  const sound = usableMappings({ peer, cidr }, objects).filter(({ original }) => isIPv4Address(original))
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

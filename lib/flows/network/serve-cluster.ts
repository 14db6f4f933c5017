import { Buffer } from 'node:buffer'
import { ClusterError } from '../../cluster/errors.ts'
import { apiVersionOf, type KubeObject, type Resource } from '../../cluster/port.ts'
import {
  CONFIGMAP,
  DAEMON_SET,
  DEPLOYMENT,
  ENDPOINT_MAPPING,
  IPAM_STORAGE,
  NETWORK_CONFIG,
  SECRET,
  SERVICE,
  SYSTEM_NAMESPACE,
  TUNNEL_ENDPOINT,
} from '../../cluster/resources.ts'
import { gatewayWorkloads, renderFabric } from './fabric/index.ts'
import { FABRIC, GATEWAY_KEY } from './fabric/names.ts'
import { fabricOf, gatewayIn, nodeAddress } from './fabric-of.ts'
import { fault, type Hindrance, type Served } from './hindrance.ts'
import { withPeers } from './ipam.ts'
import { ipamStorage, readState } from './ipam-storage.ts'
import { type Local, NoNamespaceError, readLocal, readNamespace } from './local.ts'
import { managed, peerOf } from './names.ts'
import { checkOwner } from './owner.ts'
import { GATEWAY_NODE_IP } from './parameters.ts'
import { warn } from './warn.ts'
import type { NetworkCluster, NetworkWorld } from './world.ts'
import { ensure, type Mode, remove, removeUnread, settle } from './write.ts'

/**
 * What is one cluster's own in the internal network: its gateway and route agents, and the configuration that they
 * follow, which holds what its TunnelEndpoints, EndpointMappings, nodes and gateway Pod say. What is left of peers that
 * are none any more goes, and without any peer all of it.
 * @param peers ClusterIDs that it is to be joined with
 * @returns writes that it took, and the peers that it is not joined with, and why
 * @throws AnotherClusterError before anything is touched, and ClusterError as the cluster does
 */
export async function serveCluster(
  cluster: NetworkCluster,
  peers: readonly string[],
  world: Pick<NetworkWorld, 'mtu' | 'log'>,
  mode: Mode,
): Promise<Served> {
  const { api } = cluster
  let hindrances: readonly Hindrance[] = []
  if (!(await readNamespace(api))) {
    if (peers.length === 0) return { writes: 0, hindrances }
    throw new NoNamespaceError(cluster.id)
  }
  const writes = await settle(api, mode, async () => {
    const local = await readLocal(api, peers.length > 0)
    const { service, fabric, gateway, route, storage, configs, tunnels } = local
    checkOwner(cluster.id, [service, fabric, gateway, route, storage, ...configs, ...tunnels])
    const forgotten = await forgetPeers(cluster, peers, local, mode)
    if (peers.length === 0) return forgotten + (await removeOwn(cluster, local, mode))
    const own = await ensureOwn(cluster, peers, local, world.mtu, mode)
    hindrances = own.hindrances
    return forgotten + own.writes
  })
  if (mode === 'act') {
    for (const one of hindrances) await warn({ home: api, remote: api, log: world.log }, SECRET, FABRIC, one)
  }
  return { writes, hindrances }
}

/** First what others act on, last what it is made from: a name is free for another peer when nothing uses it. */
async function forgetPeers({ api }: NetworkCluster, peers: readonly string[], local: Local, mode: Mode) {
  const isLeft = (object: KubeObject) => !peers.includes(peerOf(object))
  let writes = 0
  for (const [resource, objects] of [
    [TUNNEL_ENDPOINT, local.tunnels],
    [NETWORK_CONFIG, local.configs],
    [ENDPOINT_MAPPING, local.mappings],
  ] as const) {
    writes += await remove(api, resource, objects.filter(isLeft), mode)
  }
  if (peers.length === 0) return writes + (await remove(api, IPAM_STORAGE, [local.storage], mode))
  const read = local.storage && readState(local.storage)
  if (!read || 'denied' in read) return writes
  const state = withPeers(read.state, peers)
  return state === read.state
    ? writes
    : writes + (await ensure(api, IPAM_STORAGE, ipamStorage(state), local.storage, mode))
}

async function ensureOwn(
  cluster: NetworkCluster,
  peers: readonly string[],
  local: Local,
  mtu: number,
  mode: Mode,
): Promise<Served> {
  const { id, api } = cluster
  const tunnels = local.tunnels.filter((tunnel) => peers.includes(peerOf(tunnel)))
  const { fabric, leftOut } = fabricOf(id, mtu, { ...local, tunnels })
  const files = renderFabric(fabric)
  const size = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  const isTooLarge = size > MAX_SECRET
  const hindrances = isTooLarge ? [...leftOut, tooLarge(id, size)] : leftOut
  let writes = 0
  let refusal: ClusterError | undefined
  for (const object of [...(isTooLarge ? [] : [secretWith(files)]), ...workloadsOf(cluster, local)]) {
    const [resource, seen] = OWN[object.kind]!(local)
    try {
      writes += await ensure(api, resource, object, seen, mode)
    } catch (error) {
      // One that is refused, e.g. by a policy of the cluster, keeps none of the others from being brought up to date.
      if (!(error instanceof ClusterError) || error.retry) throw error
      refusal ??= error
    }
  }
  if (refusal) throw refusal
  return { writes, hindrances }
}

/** Bytes of all files of a Secret (Kubernetes `core.MaxSecretSize`). */
const MAX_SECRET = 1 << 20

function tooLarge(id: string, size: number): Hindrance {
  return fault(
    'FabricTooLarge',
    `the gateway of ${id} keeps the configuration that it has: the new one takes ${size} bytes, a Secret ${MAX_SECRET}; show peers fewer endpoints that are no pods (EndpointMappings)`,
  )
}

const OWN: Readonly<Record<string, (local: Local) => readonly [Resource, KubeObject | undefined]>> = {
  Secret: ({ fabric }) => [SECRET, fabric],
  Service: ({ service }) => [SERVICE, service],
  Deployment: ({ gateway }) => [DEPLOYMENT, gateway],
  DaemonSet: ({ route }) => [DAEMON_SET, route],
}

/** None without an image: the NetworkConfigs tell of it. */
function workloadsOf({ gateway }: NetworkCluster, local: Local): KubeObject[] {
  const { image, serviceType, annotations } = gateway
  if (image === undefined) return []
  const address = serviceType === 'NodePort' ? gatewayNodeAddress(local) : undefined
  const serviceAnnotations = { ...annotations, ...(address && { [GATEWAY_NODE_IP]: address }) }
  return gatewayWorkloads({ image, serviceType, serviceAnnotations })
}

/** Where NodePorts are reached: at the node that the gateway runs on, and while it moves where it was last. */
function gatewayNodeAddress({ gateways, nodes, service }: Local): string | undefined {
  const name = gatewayIn(gateways)?.node
  const node = nodes.find(({ metadata }) => metadata.name === name)
  const found = node && (nodeAddress(node, 'ExternalIP') ?? nodeAddress(node, 'InternalIP'))
  return found ?? service?.metadata.annotations?.[GATEWAY_NODE_IP]
}

function secretWith(files: Readonly<Record<string, string>>): KubeObject {
  const data = Object.entries(files).map(([name, text]) => [name, Buffer.from(text).toString('base64')])
  return {
    apiVersion: apiVersionOf(SECRET),
    kind: SECRET.kind,
    metadata: { name: FABRIC, namespace: SYSTEM_NAMESPACE, labels: managed() },
    type: 'Opaque',
    data: Object.fromEntries(data),
  }
}

/** The keys go last, when nobody is left to make them anew. */
async function removeOwn({ api }: NetworkCluster, local: Local, mode: Mode) {
  const writes =
    (await remove(api, DEPLOYMENT, [local.gateway], mode)) +
    (await remove(api, DAEMON_SET, [local.route], mode)) +
    (await remove(api, SERVICE, [local.service], mode)) +
    (await remove(api, SECRET, [local.fabric], mode))
  if (writes > 0 || local.gateways.length > 0) return writes
  const isThere = await removeUnread(api, SECRET, { namespace: SYSTEM_NAMESPACE, name: GATEWAY_KEY }, mode)
  return Number(isThere) + (await remove(api, CONFIGMAP, [local.key], mode))
}

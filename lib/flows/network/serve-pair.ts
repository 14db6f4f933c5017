import type { KubeObject, ObjectRef } from '../../cluster/port.ts'
import {
  CONFIGMAP,
  IPAM_STORAGE,
  NETWORK_CONFIG,
  NODE,
  SECRET,
  SERVICE,
  SYSTEM_NAMESPACE,
  TUNNEL_ENDPOINT,
} from '../../cluster/resources.ts'
import type { Log } from '../../log.ts'
import { FABRIC, GATEWAY, GATEWAY_KEY } from './fabric/names.ts'
import { nodeAddress } from './fabric-of.ts'
import type { Hindrance, Served } from './hindrance.ts'
import { isNamed, networkStateOf, ownCIDRs } from './ipam.ts'
import { NoNamespaceError, readNamespace } from './local.ts'
import { fromName, IPAM_NAME, toName } from './names.ts'
import { type End, negotiate, type Wanted } from './negotiate.ts'
import { checkOwner } from './owner.ts'
import { parametersOf } from './parameters.ts'
import { warn } from './warn.ts'
import type { ClusterPair, NetworkCluster } from './world.ts'
import { ensure, type Mode, settle } from './write.ts'

/**
 * Brings what two clusters have agreed on up to date in both of them, both directions at once. Every write is guarded by
 * what was read before all that it follows from, and what is remembered (IpamStorage) is written before what tells of
 * it: cut off anywhere, the next pass goes on from there.
 * @throws AnotherClusterError before anything is touched, and ClusterError as the clusters do
 */
export async function servePair([a, b]: ClusterPair, log: Log, mode: Mode): Promise<Served> {
  await Promise.all([a, b].map(checkReady))
  let hindrances: readonly Hindrance[] = []
  const writes = await settle(a.api, mode, async () => {
    const [seenA, seenB] = await Promise.all([readWritten(a, b), readWritten(b, a)])
    const [endA, endB] = await Promise.all([readEnd(a, seenA), readEnd(b, seenB)])
    const [nodesA, nodesB] = await Promise.all([readNodes(a, endA, endB), readNodes(b, endB, endA)])
    const [wantedA, wantedB] = negotiate({ ...endA, nodes: nodesA }, { ...endB, nodes: nodesB })
    const sides: readonly SideOfPair[] = [
      { cluster: a, peer: b, seen: seenA, wanted: wantedA },
      { cluster: b, peer: a, seen: seenB, wanted: wantedB },
    ]
    hindrances = sides.flatMap(({ wanted: { hindrance } }) => hindrance ?? [])
    let count = 0
    for (const part of PARTS) for (const side of sides) count += await bringAbout(side, part, log, mode)
    return count
  })
  return { writes, hindrances }
}

/** @throws NoNamespaceError */
async function checkReady({ id, api }: NetworkCluster): Promise<void> {
  if (!(await readNamespace(api))) throw new NoNamespaceError(id)
}

/** In the order of their writes, each in both clusters before the next. */
const PARTS = ['storage', 'from', 'to', 'tunnel'] as const

const RESOURCES = { storage: IPAM_STORAGE, from: NETWORK_CONFIG, to: NETWORK_CONFIG, tunnel: TUNNEL_ENDPOINT } as const

type Part = (typeof PARTS)[number]
type Seen = Readonly<Record<Part, KubeObject | undefined>>

interface SideOfPair {
  readonly cluster: NetworkCluster
  readonly peer: NetworkCluster
  readonly seen: Seen
  readonly wanted: Wanted
}

async function bringAbout(
  { cluster, peer, seen, wanted }: SideOfPair,
  part: Part,
  log: Log,
  mode: Mode,
): Promise<number> {
  const desired = wanted[part]
  if (desired === undefined) return 0
  const writes = await ensure(cluster.api, RESOURCES[part], desired, seen[part], mode)
  if (part === 'to' && writes > 0 && mode === 'act' && wanted.hindrance?.isFault) {
    await warn({ home: cluster.api, remote: peer.api, log }, NETWORK_CONFIG, toName(peer.id), wanted.hindrance)
  }
  return writes
}

/** What is to be written: read before what it follows from. */
async function readWritten({ api }: NetworkCluster, peer: NetworkCluster): Promise<Seen> {
  const [storage, from, to, tunnel] = await Promise.all([
    api.get(IPAM_STORAGE, { name: IPAM_NAME }),
    api.get(NETWORK_CONFIG, refTo(fromName(peer.id))),
    api.get(NETWORK_CONFIG, refTo(toName(peer.id))),
    api.get(TUNNEL_ENDPOINT, refTo(peer.id)),
  ])
  return { storage, from, to, tunnel }
}

/** @throws AnotherClusterError */
async function readEnd(cluster: NetworkCluster, { storage, from, to, tunnel }: Seen): Promise<End> {
  const { api, id } = cluster
  const [service, key] = await Promise.all([api.get(SERVICE, refTo(GATEWAY)), api.get(CONFIGMAP, refTo(GATEWAY_KEY))])
  // The Secret is large, and read only where it is what says whose the cluster is.
  checkOwner(id, [service ?? (await api.get(SECRET, refTo(FABRIC))), storage, from, to, tunnel])
  const state = networkStateOf(cluster, storage)
  return { id, state, parameters: parametersOf(cluster, service, key), said: to }
}

/** Addresses of a cluster's nodes, where it is to name networks of the other. */
async function readNodes({ api }: NetworkCluster, own: End, other: End): Promise<string[]> {
  if ('reason' in own.state || 'reason' in other.state) return []
  if (isNamed(own.state, other.id, ownCIDRs(other.state))) return []
  const nodes = (await Array.fromAsync(api.list(NODE))).flat()
  return nodes.flatMap((node) => nodeAddress(node, 'InternalIP') ?? [])
}

function refTo(name: string): ObjectRef {
  return { namespace: SYSTEM_NAMESPACE, name }
}

import { UnreachableError } from '../../../lib/cluster/errors.ts'
import type { KubeObject, Resource } from '../../../lib/cluster/port.ts'
import {
  ENDPOINT_MAPPING,
  ENDPOINT_SLICE,
  NAMESPACE,
  SYSTEM_NAMESPACE,
  TUNNEL_ENDPOINT,
} from '../../../lib/cluster/resources.ts'
import { dispatchSlices } from '../../../lib/flows/mapping/dispatch.ts'
import { followHome } from '../../../lib/flows/reachability/flow.ts'
import { LEASE_NAMESPACE } from '../../../lib/flows/reachability/lease.ts'
import { marks } from '../../../lib/kinds/meta.ts'
import { logger } from '../../../lib/log.ts'
import { HOME_NAMESPACE } from '../../../lib/reflect/pairs.ts'
import type { Peering } from '../../../lib/reflect/peering.ts'
import { SOURCE_CLUSTER_UID } from '../../../lib/reflect/stamp.ts'
import { type MemoryCluster, memoryCluster } from '../../support/memory-cluster.ts'
import type { Golden } from '../cases.ts'
import { contextOf } from '../context.ts'
import type { Answer } from '../reflection.ts'
import {
  homeSliceOf,
  isPeered,
  mappingsOfHome,
  networksOfPeering,
  reachOf,
  standingSlice,
  tunnelsOf,
} from '../remote-slices.ts'
import type { Runners } from '../runner.ts'
import { recorded } from './reflect.ts'

const MINUTE = 60_000

/**
 * Liqo's controller writes a slice once, with all that the remote cluster knows; we write it when it changes, and again
 * when home comes in or out of reach. So the home slice is reflected while all is well, then comes what the case says
 * of home, and two looks at it, a minute apart. The answer is the last write.
 */
export const remoteSlices: Runners = {
  ShadowEndpointSliceReconcile: async (given) => {
    const answer: Answer = { actions: [], events: [] }
    const { home, peering } = worldOf(given, answer)
    const { homeNamespace: namespace } = contextOf(given)
    const peerings = isPeered(given) ? [peering] : []
    const follow = (now: number) => Promise.all(peerings.map((one) => followHome(one, now)))
    await follow(0)
    const change = { cluster: home.id, kind: 'endpointslice', namespace, names: [String(given.params.name)] }
    await dispatchSlices(peerings, change)
    comeToPass(given, home)
    await follow(MINUTE)
    await follow(2 * MINUTE)
    const writes = answer.actions.filter(({ resource }) => resource === 'endpointslices.discovery.k8s.io')
    return { ...answer, actions: writes.slice(-1) }
  },
}

/** What becomes of the ways to home. */
function comeToPass(given: Golden, home: MemoryCluster): void {
  const { isTunnelUp, doesHomeAnswer } = reachOf(given)
  for (const { metadata, status } of tunnelsOf(given, isTunnelUp)) {
    home.user.edit(TUNNEL_ENDPOINT, metadata, (endpoint) => {
      endpoint.status = status
    })
  }
  if (!doesHomeAnswer) home.intercept = () => ({ error: new UnreachableError(home.id, 'connection refused') })
}

function worldOf(given: Golden, answer: Answer): { home: MemoryCluster; peering: Peering } {
  const { home: id, remote: remoteId, homeNamespace, remoteNamespace, reflection, ...context } = contextOf(given)
  const [home, remote] = [memoryCluster({ id }), memoryCluster({ id: remoteId })]
  for (const name of [homeNamespace, SYSTEM_NAMESPACE]) home.user.create(NAMESPACE, { metadata: { name } })
  remote.user.create(NAMESPACE, { metadata: { name: LEASE_NAMESPACE } })
  const labels = { ...marks({ home: id, remote: remoteId }), [HOME_NAMESPACE]: homeNamespace }
  const annotations = { [SOURCE_CLUSTER_UID]: home.uid }
  remote.user.create(NAMESPACE, { metadata: { name: remoteNamespace, labels, annotations } })
  const create = (cluster: MemoryCluster, resource: Resource, objects: readonly (KubeObject | undefined)[]) => {
    for (const object of objects) if (object) cluster.user.create(resource, object)
  }
  const standing = standingSlice(given)
  create(home, TUNNEL_ENDPOINT, tunnelsOf(given, true))
  create(home, ENDPOINT_MAPPING, mappingsOfHome(given))
  create(home, ENDPOINT_SLICE, [homeSliceOf(given)])
  create(remote, ENDPOINT_SLICE, [standing])
  const peering: Peering = {
    ...context,
    home: recorded('local', home, [], answer),
    remote: recorded('this', remote, standing ? [standing] : [], answer),
    reflection: { endpointslice: reflection },
    networks: networksOfPeering(given),
    log: logger('silent'),
  }
  return { home, peering }
}

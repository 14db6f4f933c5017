import type { KubeObject } from '../../../lib/cluster/port.ts'
import { EVENT, POD, SHADOW_POD } from '../../../lib/cluster/resources.ts'
import { refusePod } from '../../../lib/flows/refused/flow.ts'
import type { Kind } from '../../../lib/kinds/kind.ts'
import { pod } from '../../../lib/kinds/pod/kind.ts'
import { shadowpod } from '../../../lib/kinds/shadowpod/kind.ts'
import { logger } from '../../../lib/log.ts'
import type { Peering } from '../../../lib/reflect/peering.ts'
import { reflect } from '../../../lib/reflect/reflect.ts'
import { stamped } from '../../../lib/reflect/stamp.ts'
import type { MemoryCluster } from '../../support/memory-cluster.ts'
import type { Golden } from '../cases.ts'
import { clustersOf } from '../clusters.ts'
import { contextOf } from '../context.ts'
import { peeringSettingsOf, podNetworksOf } from '../pods.ts'
import type { Answer } from '../reflection.ts'
import { inputOf, type Runners } from '../runner.ts'
import { actionsIn } from '../writes.ts'

/**
 * Whole reconciliations of pods. A ShadowPod of the case is as if we had made it: with our stamp, and the images of the
 * home pod as it is.
 */
export const reflectPod: Runners = {
  ReflectHandle: async (given) => {
    const world = worldOf(given)
    if (given.params.reflector !== 'pod-fallback') return answered(world, given, pod)
    const { homeNamespace } = contextOf(given)
    await refusePod(world.peering, homeNamespace, String(given.params.name))
    return answerIn(world, given)
  },
}

/** What is made of a ShadowPod, in its own cluster. */
export const shadowPods: Runners = {
  ShadowPodReconcile: async (given) => {
    const { objects = [] } = inputOf<{ objects: KubeObject[] }>(given)
    const world = worldOf({ ...given, input: { local: [], remote: objects } })
    return answered(world, given, shadowpod)
  },
}

interface World {
  home: MemoryCluster
  remote: MemoryCluster
  peering: Peering
  /** Writes of the setting up. */
  since: { home: number; remote: number }
}

async function answered(world: World, given: Golden, kind: Kind): Promise<Answer> {
  const { homeNamespace, remoteNamespace } = contextOf(given)
  const pair = { homeNamespace, remoteNamespace }
  const pairs = { remembered: async () => pair, confirmed: async () => pair }
  try {
    await reflect(kind, world.peering, String(given.params.name), pairs)
  } catch (error) {
    return { ...answerIn(world, given), error: (error as Error).message }
  }
  return answerIn(world, given)
}

function answerIn({ home, remote, since }: World, given: Golden): Answer {
  const events = [home, remote].flatMap((cluster) => cluster.all(EVENT))
  return {
    actions: [...actionsIn('local', home, since.home, given), ...actionsIn('remote', remote, since.remote, given)],
    events: events.map(({ type, reason, message }) => `${type} ${reason} ${message}`),
  }
}

function worldOf(given: Golden): World {
  const { home, remote } = clustersOf(given)
  const { reflection, ...context } = contextOf(given)
  const peering: Peering = {
    ...context,
    home,
    remote,
    reflection: { pod: reflection },
    networks: podNetworksOf(given),
    pods: peeringSettingsOf(given),
    log: logger('silent'),
  }
  const { local = [], remote: there = [] } = inputOf<{ local: KubeObject[]; remote: KubeObject[] }>(given)
  for (const object of local) home.user.create(POD, object)
  for (const object of there) {
    const resource = [POD, SHADOW_POD].find(({ kind }) => kind === object.kind)
    if (resource)
      remote.user.create(resource, resource === SHADOW_POD ? asOurs(object, home, peering.pods, given) : object)
  }
  const since = { home: home.changes.length, remote: remote.changes.length }
  return { home, remote, peering, since }
}

/** The ShadowPod as this version would have made it. */
function asOurs(shadow: KubeObject, home: MemoryCluster, pods: Peering['pods'], given: Golden): KubeObject {
  const source = home.peek(POD, { namespace: contextOf(given).homeNamespace, name: shadow.metadata.name })
  const isMarked = Object.keys(shadow.metadata.labels ?? {}).includes('offloading.liqo.io/origin')
  if (!source || !isMarked) return shadow
  const context = { ...contextOf(given), ...(pods && { pods }) }
  const desired = pod.adapt(stamped(pod.forge(source, context), source, home.uid), shadow)
  return { ...shadow, ...desired, metadata: { ...shadow.metadata, annotations: desired.metadata.annotations! } }
}

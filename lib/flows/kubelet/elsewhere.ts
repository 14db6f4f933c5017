import type { KubeObject } from '../../cluster/port.ts'
import { NODE, POD } from '../../cluster/resources.ts'
import { HttpError } from '../../handler/errors.ts'
import { mapOf, mapsOf } from '../../kinds/json.ts'
import { isReflected } from '../../kinds/meta.ts'
import { isOffloadedTo } from '../../kinds/pod/select.ts'
import type { ConnectedPeering } from '../../peerings.ts'
import { findPair } from '../../reflect/pairs.ts'

/** 400, whose text kube-apiserver shows to its user, unlike that of a 404. */
export class NotThereError extends HttpError {
  readonly status = 400
}

/** A home pod, as far as it has to be known to find it elsewhere. */
export interface HomePod {
  pod: KubeObject | undefined
  /** The node it is bound to. */
  nodeName: string
}

export async function readHomePod(
  { home }: Pick<ConnectedPeering, 'home'>,
  namespace: string,
  name: string,
): Promise<HomePod> {
  const pod = await home.get(POD, { namespace, name })
  const { nodeName } = mapOf(pod?.spec)
  return { pod, nodeName: typeof nodeName === 'string' ? nodeName : '' }
}

export interface Found {
  peering: ConnectedPeering
  remoteNamespace: string
}

/**
 * The cluster that a home pod runs in, and the namespace there.
 * @param peerings of that home
 * @throws NotThereError, ClusterError
 */
export async function whereIs({ pod, nodeName }: HomePod, peerings: readonly ConnectedPeering[]): Promise<Found> {
  const home = peerings[0]?.home
  if (!pod || !home) throw new NotThereError('there is no such pod')
  const { name, namespace = '' } = pod.metadata
  const node = nodeName === '' ? undefined : await home.get(NODE, { name: nodeName })
  const peering = peerings.find(({ remote }) => isOffloadedTo(pod, { remote: remote.id }, node ? [node] : []))
  if (!peering) throw new NotThereError(`pod ${name} is bound to ${nodeName}, which stands for none of our clusters`)
  const pair = await findPair(peering, namespace)
  if (!pair) throw new NotThereError(`namespace ${namespace} is not offloaded to cluster ${peering.remote.id}`)
  return { peering, remoteNamespace: pair.remoteNamespace }
}

/**
 * Nobody reads of a pod that is not ours: a namesake in the remote namespace is somebody else's.
 * @throws NotThereError, ClusterError
 */
export async function requireRemotePod({ peering, remoteNamespace }: Found, name: string): Promise<void> {
  const { home, remote } = peering
  const pod = await remote.get(POD, { namespace: remoteNamespace, name })
  if (!pod) throw new NotThereError(`pod ${name} is not in cluster ${remote.id} (any more, or yet)`)
  if (isReflected(pod, { home: home.id, remote: remote.id })) return
  throw new NotThereError(`pod ${name} of ${remoteNamespace} in cluster ${remote.id} is somebody else’s`)
}

/** The first port that a pod says it listens on. */
export function portOf(pod: KubeObject | undefined): number | undefined {
  const ports = mapsOf(mapOf(pod?.spec).containers).flatMap(({ ports }) => mapsOf(ports))
  const port = ports.find(({ containerPort }) => typeof containerPort === 'number')?.containerPort
  return typeof port === 'number' ? port : undefined
}

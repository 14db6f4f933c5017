import { type KubeObject, NOT_EXISTING, type Resource } from '../../lib/cluster/port.ts'
import {
  CONFIGMAP,
  ENDPOINT_SLICE,
  EVENT,
  INGRESS,
  NAMESPACE,
  NAMESPACE_OFFLOADING,
  NODE,
  PERSISTENT_VOLUME,
  PERSISTENT_VOLUME_CLAIM,
  POD,
  SECRET,
  SERVICE,
  SHADOW_POD,
  STORAGE_CLASS,
} from '../../lib/cluster/resources.ts'
import type { MemoryCluster } from '../support/memory-cluster.ts'
import { networks } from '../support/networks.ts'
import { type TwoClusters, twoClusters } from '../support/two-clusters.ts'

/** All objects of a home and a remote cluster, as a version of ours left them; in the order of their making. */
export interface Form {
  rome: Stored[]
  milan: Stored[]
}

interface Stored {
  /** Plural of the resource. */
  of: string
  object: KubeObject
  /** By our field manager. */
  ours: boolean
}

const RESOURCES: readonly Resource[] = [
  NAMESPACE,
  NODE,
  STORAGE_CLASS,
  NAMESPACE_OFFLOADING,
  CONFIGMAP,
  SECRET,
  SERVICE,
  INGRESS,
  ENDPOINT_SLICE,
  PERSISTENT_VOLUME,
  PERSISTENT_VOLUME_CLAIM,
  SHADOW_POD,
  POD,
  EVENT,
]

/** Made by every cluster itself. */
const FIRST = ['kube-system', 'default']

export const upgradeWorld = (): TwoClusters =>
  twoClusters({ storage: { remoteClass: 'gp3' }, networks: networks({ internal: false }) })

/** Everything that is stored, to be kept in a file. */
export function formOf({ rome, milan }: TwoClusters): Form {
  return { rome: storedIn(rome), milan: storedIn(milan) }
}

function storedIn(cluster: MemoryCluster): Stored[] {
  const all = RESOURCES.flatMap((resource) =>
    cluster.all(resource).map((object): Stored => {
      const {
        resourceVersion: _,
        creationTimestamp: __,
        generation: ___,
        managedFields: ____,
        ...metadata
      } = object.metadata
      const isReflected = 'offloading.liqo.io/origin' in (metadata.labels ?? {})
      return { of: resource.plural, object: { ...object, metadata }, ours: isReflected }
    }),
  )
  const isOwn = ({ of, object }: Stored) => of === NAMESPACE.plural && FIRST.includes(object.metadata.name)
  // The uids are numbers in the order of making.
  return all
    .filter((one) => !isOwn(one))
    .toSorted((a, b) => (String(a.object.metadata.uid) < String(b.object.metadata.uid) ? -1 : 1))
}

/**
 * The clusters with all that a form holds. Uids are given by the clusters: those in texts (stamps, owners) follow them.
 */
export async function restored(form: Form): Promise<TwoClusters> {
  const world = upgradeWorld()
  const uids = new Map<string, string>()
  for (const id of ['rome', 'milan'] as const) {
    for (const one of form[id]) {
      const text = [...uids].reduce((sofar, [old, now]) => sofar.replaceAll(old, now), JSON.stringify(one.object))
      const made = await make(world[id], one, JSON.parse(text) as KubeObject)
      uids.set(String(one.object.metadata.uid), made)
    }
  }
  return world
}

/** @returns its uid */
async function make(cluster: MemoryCluster, { of, ours }: Stored, given: KubeObject): Promise<string> {
  const resource = RESOURCES.find(({ plural }) => plural === of)!
  const { uid: _, ...metadata } = given.metadata
  const { status, ...object }: KubeObject = { ...given, metadata }
  const ref = { name: metadata.name, ...(metadata.namespace !== undefined && { namespace: metadata.namespace }) }
  // The world has its namespace from the beginning, without what we have made of it.
  if (cluster.peek(resource, ref))
    cluster.user.edit(resource, ref, (stored) => Object.assign(stored.metadata, metadata))
  else if (ours)
    await cluster.apply(resource, { ...object, metadata: { ...metadata, resourceVersion: NOT_EXISTING } } as KubeObject)
  else cluster.user.create(resource, object)
  if (status !== undefined) cluster.user.edit(resource, ref, (stored) => Object.assign(stored, { status }))
  return String(cluster.peek(resource, ref)?.metadata.uid)
}

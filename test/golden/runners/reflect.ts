import {
  type Cluster,
  type KubeObject,
  type ObjectRef,
  type Preconditions,
  type Resource,
  UNREAD,
} from '../../../lib/cluster/port.ts'
import { EVENT, NAMESPACE } from '../../../lib/cluster/resources.ts'
import type { Kind } from '../../../lib/kinds/kind.ts'
import { ORIGIN } from '../../../lib/kinds/meta.ts'
import { logger } from '../../../lib/log.ts'
import type { Pair, Peering } from '../../../lib/reflect/peering.ts'
import { reflect } from '../../../lib/reflect/reflect.ts'
import { SOURCE_CLUSTER_UID } from '../../../lib/reflect/stamp.ts'
import { type MemoryCluster, memoryCluster } from '../../support/memory-cluster.ts'
import type { Golden } from '../cases.ts'
import { contextOf } from '../context.ts'
import type { Action, Answer } from '../reflection.ts'
import { inputOf, type Runners } from '../runner.ts'

/** Runs a whole reconciliation through the engine, between two clusters in memory that hold the case's objects. */
export function reflectionOf(kind: Kind): Runners {
  return { ReflectHandle: (given) => reflectOne(kind, given) }
}

/** @param then what the function of the kind does besides */
export async function reflectOne(
  kind: Kind,
  given: Golden,
  then?: (peering: Peering, pair: Pair, name: string) => Promise<unknown>,
): Promise<Answer> {
  const { local = [], remote = [] } = inputOf<{ local: KubeObject[]; remote: KubeObject[] }>(given)
  const { home, remote: remoteId, homeNamespace, remoteNamespace, reflection, ...context } = contextOf(given)
  const answer: Answer = { actions: [], events: [] }
  const homeUid = memoryCluster({ id: home }).uid
  const peering: Peering = {
    ...context,
    home: recorded('local', holding(memoryCluster({ id: home }), homeNamespace, local, kind, homeUid), local, answer),
    remote: recorded(
      'remote',
      holding(memoryCluster({ id: remoteId }), remoteNamespace, remote, kind, homeUid),
      remote,
      answer,
    ),
    reflection: { [kind.name]: reflection },
    log: logger('silent'),
  }
  const pair = { homeNamespace, remoteNamespace }
  const pairs = { remembered: async () => pair, confirmed: async () => pair }
  try {
    await reflect(kind, peering, String(given.params.name), pairs)
    await then?.(peering, pair, String(given.params.name))
  } catch (error) {
    answer.error = (error as Error).message
  }
  return answer
}

/** @param home uid of the home cluster, which every namespace that the namespace function makes bears */
function holding(
  cluster: MemoryCluster,
  namespace: string,
  objects: readonly KubeObject[],
  kind: Kind,
  home: string,
): MemoryCluster {
  const annotations = { [SOURCE_CLUSTER_UID]: home }
  const namespaces = new Set([namespace, ...objects.map(({ metadata }) => metadata.namespace ?? namespace)])
  for (const name of namespaces) {
    if (!cluster.peek(NAMESPACE, { name })) cluster.user.create(NAMESPACE, { metadata: { name, annotations } })
  }
  for (const object of objects) {
    const resource = resourceOf(object, kind)
    if (resource) cluster.user.create(resource, object)
  }
  return cluster
}

/** Objects of Liqo's own that stand beside are told otherwise (networks.ts). */
function resourceOf(object: KubeObject, { source, target, reads = {} }: Kind): Resource | undefined {
  const resources = [source, target, ...Object.values(reads)].map(({ resource }) => resource)
  const known = resources.find((resource) => resource.kind === object.kind)
  return object.kind === undefined ? source.resource : known
}

/**
 * Notes what is written, as the cases tell it. The cluster in memory gives uids of its own: in a deletion the one that
 * the case gave the object stands for it.
 */
export function recorded(
  side: Action['cluster'],
  cluster: Cluster,
  objects: readonly KubeObject[],
  answer: Answer,
): Cluster {
  const givenUids = new Map<string, string>()
  return {
    id: cluster.id,
    list: (resource, options) => cluster.list(resource, options),
    async get(resource, ref) {
      const found = await cluster.get(resource, ref)
      const uid = objects.find(({ metadata }) => isAt(metadata, ref))?.metadata.uid
      if (found?.metadata.uid && uid) givenUids.set(found.metadata.uid, uid)
      return found
    },
    async apply(resource, object, subresource) {
      const stored = await cluster.apply(resource, object, subresource)
      const told = withUids(object, givenUids)
      if (isTold(resource, object)) answer.events.push(toText(object))
      else answer.actions.push({ ...action(side, 'apply', resource, told.metadata), object: told })
      return stored
    },
    async delete(resource, ref, preconditions) {
      const isDeleted = await cluster.delete(resource, ref, preconditions)
      if (preconditions === UNREAD) throw new TypeError('the engine has read what it deletes')
      const uid = givenUids.get(preconditions.uid) ?? preconditions.uid
      const options = { preconditions: { ...preconditions, uid } satisfies Preconditions }
      answer.actions.push({ ...action(side, 'delete', resource, ref), options })
      return isDeleted
    },
  }
}

function isAt(metadata: KubeObject['metadata'], ref: ObjectRef): boolean {
  return metadata.name === ref.name && metadata.namespace === ref.namespace
}

/** An Event that tells somebody something, and is no copy of one. */
function isTold({ plural }: Resource, { metadata }: KubeObject): boolean {
  return plural === EVENT.plural && !(ORIGIN in (metadata.labels ?? {}))
}

function withUids(object: KubeObject, givenUids: ReadonlyMap<string, string>): KubeObject {
  const text = [...givenUids].reduce((all, [uid, given]) => all.replaceAll(uid, given), JSON.stringify(object))
  return JSON.parse(text)
}

function action(cluster: Action['cluster'], verb: string, resource: Resource, ref: ObjectRef): Action {
  const { namespace, name } = ref
  const type = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`
  return { cluster, verb, resource: type, ...(namespace !== undefined && { namespace }), name }
}

function toText({ type, reason, message }: KubeObject): string {
  return `${type} ${reason} ${message}`
}

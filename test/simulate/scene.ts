import type { KubeObject } from '../../lib/cluster/port.ts'
import { CONFIGMAP, NAMESPACE } from '../../lib/cluster/resources.ts'
import type { Side } from '../../lib/kinds/kind.ts'
import { HOME_NAMESPACE } from '../../lib/reflect/pairs.ts'
import type { Pair } from '../../lib/reflect/peering.ts'
import { type Change, type MemoryCluster, memoryCluster } from '../support/memory-cluster.ts'
import { type Answer, type Call, pathOf } from './calls.ts'
import { attempt, build, carryOut, type Edit, type Past } from './past.ts'

/**
 * Everything in one cluster at one moment. Its answers are those of the memory cluster, built up anew for each call
 * that was never tried on this content, and then remembered.
 */
export interface Scene extends Past {
  id: number
  side: Side
  /** uid of kube-system. */
  uid: string
  /** Paths of its ConfigMaps. */
  paths: ReadonlySet<string>
  /** Its namespaces that are copies, not being deleted. */
  pairs: readonly Pair[]
  calls: Map<number, Step>
  edits: Map<Edit, { next: Scene; changes: readonly Change[] }>
}

export interface Step {
  next: Scene
  answer: Answer
  /** Absent when nothing was written. */
  effect: Effect | undefined
}

export interface Effect {
  verb: Change['verb']
  before: KubeObject | undefined
  after: KubeObject | undefined
}

const scenes = new Map<string, Scene>()

export function emptyScene(side: Side, name: string): Scene {
  return toScene(side, name, [], memoryCluster({ id: name }))
}

/** What the call leads to; undefined when it was never tried here: then `tryCall`. */
export function stepOf(scene: Scene, call: Call): Step | undefined {
  return scene.calls.get(call.id)
}

export async function tryCall(scene: Scene, call: Call): Promise<void> {
  const cluster = build(scene)
  const changes = cluster.changes.length
  const answer = await carryOut(cluster, call)
  const change = cluster.changes.length > changes ? cluster.changes.at(-1) : undefined
  scene.calls.set(call.id, {
    answer,
    next: change ? toScene(scene.side, scene.name, [...scene.log, call], cluster) : scene,
    effect: change && { verb: change.verb, before: change.before, after: change.after },
  })
}

export function edited(scene: Scene, edit: Edit): { next: Scene; changes: readonly Change[] } {
  const known = scene.edits.get(edit) ?? tryEdit(scene, edit)
  scene.edits.set(edit, known)
  return known
}

function tryEdit(scene: Scene, edit: Edit) {
  if (edit.other) {
    const cluster = memoryCluster({ id: edit.other.name })
    for (const one of edit.other.past) one.change(cluster)
    return { next: toScene(scene.side, edit.other.name, edit.other.past, cluster), changes: [] }
  }
  const cluster = build(scene)
  const before = cluster.changes.length
  attempt(cluster, edit)
  const changes = cluster.changes.slice(before)
  return { changes, next: changes.length > 0 ? toScene(scene.side, scene.name, [...scene.log, edit], cluster) : scene }
}

/**
 * The scene with that content. Equal are two clusters in which every call and edit will ever do the same: the same
 * objects, the same past of each (it decides who owns which field), the same next revision and uid.
 */
function toScene(side: Side, name: string, log: Scene['log'], cluster: MemoryCluster): Scene {
  const key = JSON.stringify([side, name, cluster.revision, countCreated(cluster), pasts(cluster)])
  const known = scenes.get(key)
  if (known) return known
  const paths = new Set(cluster.all(CONFIGMAP).map(({ metadata }) => pathOf(side, metadata.namespace, metadata.name)))
  const pairs = cluster.all(NAMESPACE).flatMap((namespace) => pairOf(namespace) ?? [])
  const { uid } = cluster
  const scene: Scene = { id: scenes.size, side, name, log, uid, paths, pairs, calls: new Map(), edits: new Map() }
  scenes.set(key, scene)
  return scene
}

function countCreated({ changes }: MemoryCluster): number {
  return changes.filter(({ verb }) => verb === 'create').length
}

/** Each living object, and the writes that made it what it is: by whom, and what. */
function pasts({ changes }: MemoryCluster): unknown {
  const alive = new Map<string, { writes: unknown[]; version: string }>()
  for (const { resource, namespace, name, verb, manager, after } of changes) {
    const key = `${resource.plural} ${namespace}/${name}`
    if (!after) {
      alive.delete(key)
      continue
    }
    const { resourceVersion: version = '', ...metadata } = after.metadata
    const { writes } = (verb !== 'create' && alive.get(key)) || { writes: [] }
    alive.set(key, { writes: [...writes, [manager, { ...after, metadata }]], version })
  }
  return [...alive].toSorted()
}

/** The pair that a change of a Namespace has just made. */
export function newPair({ resource, verb, after }: Change): Pair | undefined {
  return resource.plural === NAMESPACE.plural && verb === 'create' && after ? pairOf(after) : undefined
}

function pairOf({ metadata }: KubeObject): Pair | undefined {
  const homeNamespace = metadata.labels?.[HOME_NAMESPACE]
  if (metadata.deletionTimestamp || homeNamespace === undefined) return undefined
  return { homeNamespace, remoteNamespace: metadata.name }
}

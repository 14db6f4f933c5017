import type { KubeObject } from '../../lib/cluster/port.ts'
import { CONFIGMAP, NAMESPACE } from '../../lib/cluster/resources.ts'
import { isReflected } from '../../lib/kinds/meta.ts'
import { SKIP } from '../../lib/reflect/selection.ts'
import { SOURCE, SOURCE_CLUSTER_UID } from '../../lib/reflect/stamp.ts'
import type { MemoryCluster } from '../support/memory-cluster.ts'
import { equal } from '../support/memory-json.ts'
import { versionOf } from './actor.ts'
import type { Call } from './calls.ts'
import { TARGET_PATH } from './edits.ts'
import { build } from './past.ts'
import { type Effect, emptyScene, type Scene } from './scene.ts'
import type { Running, State, Violation } from './state.ts'
import type { World } from './world.ts'

/**
 * What must hold, in every execution:
 *
 * - P1 when all is quiet and no event was lost, the target is what the latest source asks for;
 * - P2 after a sweep it is so whatever was lost;
 * - P3 no object without our marks, nor another source's target, is ever changed or deleted;
 * - P4 what an update or deletion goes by is never an older source than the target was forged from. (A create is not
 *   bound by that: between absence and absence nothing remembers. It may bring back an old version, and then the look
 *   after it finds that out.)
 * - P5 a write lands on exactly the version that its function saw (or, for a create, on nothing), and nothing is
 *   deleted because of what a cluster says that is not the one which the target came from;
 * - P6 every function ends, and none gives up in a world without faults.
 */
export const PROPERTIES = ['P1', 'P2', 'P3', 'P4', 'P5', 'P6'] as const

const PEERS = { home: 'rome', remote: 'milan' }

/** P3, P4 and P5 of one write. */
export function badEffect(
  world: World,
  state: State,
  { node, readAt }: Running,
  call: Call,
  { verb, before, after }: Effect,
): Violation | undefined {
  const what = `${call.text} (${verb})`
  if (call.side === 'home') return { property: 'P3', text: `${what} writes at home` }
  if (before && !isReflected(before, PEERS)) return { property: 'P3', text: `${what} hits an object without our marks` }
  const [from, to] = [before, after].map((object) => object?.metadata.annotations?.[SOURCE])
  if (before && after && from && from !== to) return { property: 'P3', text: `${what} takes the target of ${from}` }
  const isTracked = call.path === TARGET_PATH
  if (before && isTracked && isHomeSteady(world) && readAt < state.forgedAt) {
    return {
      property: 'P4',
      text: `${what} goes by edit ${readAt} of the source, the target was from ${state.forgedAt}`,
    }
  }
  const seen = node.seen[call.path] ?? 'never looked at'
  const found = versionOf(before)
  if (seen !== found) return { property: 'P5', text: `${what} hits ${found}, but its function saw ${seen}` }
  if (verb === 'delete' && isTracked && uidAt(world, state, state.forgedAt) !== uidAt(world, state, readAt)) {
    return { property: 'P5', text: `${what} because of what another home cluster says` }
  }
  return undefined
}

/** One name, one source all along: only then is there one sequence of its versions. */
function isHomeSteady({ scripts }: World): boolean {
  return scripts.every((script) => script.every((edit) => !edit.namespaces))
}

/** Which cluster home was after so many edits; a world changes it once at most. */
function uidAt({ scripts }: World, { home, made }: State, readAt: number): string {
  const isSwapped = scripts[0]!.slice(Math.max(readAt, 0), made[0]).some((edit) => edit.other)
  return isSwapped ? emptyScene('home', PEERS.home).uid : home.uid
}

export function gaveUp(error: Error): Violation {
  return { property: 'P6', text: `a function gave up: ${error.name}: ${error.message}` }
}

/** What is wrong with the targets, given the sources: the words of the property, not the code of the engine. */
export function badEnd(home: Scene, remote: Scene): string | undefined {
  const [sources, targets] = [build(home), build(remote)]
  const ours = targets.all(CONFIGMAP).filter((target) => isReflected(target, PEERS))
  const namespaces = targets.all(NAMESPACE)
  const isLeaving = (name: string) => namespaces.some(({ metadata: m }) => m.name === name && m.deletionTimestamp)
  for (const target of ours) {
    const { namespace = '', name } = target.metadata
    if (isLeaving(namespace) || target.metadata.deletionTimestamp || isLeftOver(targets, target)) continue
    const pair = remote.pairs.find(({ remoteNamespace }) => remoteNamespace === namespace)
    const source = pair && sources.peek(CONFIGMAP, { namespace: pair.homeNamespace, name })
    const isWanted = source && !source.metadata.annotations?.[SKIP]
    const isKept = target.metadata.annotations?.[SOURCE_CLUSTER_UID] !== home.uid
    if (!isWanted && !isKept) return `${namespace}/${name} is there though no source asks for it`
  }
  for (const source of sources.all(CONFIGMAP)) {
    if (source.metadata.annotations?.[SKIP]) continue
    for (const { homeNamespace, remoteNamespace: namespace } of remote.pairs) {
      if (homeNamespace !== source.metadata.namespace) continue
      const target = targets.peek(CONFIGMAP, { namespace, name: source.metadata.name })
      if (target && isLeftOver(targets, target)) continue
      const wrong = badTarget(source, target, home.uid)
      if (wrong) return `${namespace}/${source.metadata.name} ${wrong}`
    }
  }
  return undefined
}

/** From before somebody made the namespace another one's copy: like an unmarked object, it is nobody's to touch. */
function isLeftOver(targets: MemoryCluster, { metadata }: KubeObject): boolean {
  const namespace = targets.peek(NAMESPACE, { name: metadata.namespace ?? '' })
  return Number(metadata.resourceVersion) < Number(namespace?.metadata.resourceVersion)
}

function badTarget(source: KubeObject, target: KubeObject | undefined, clusterUid: string): string | undefined {
  if (!target) return 'is missing'
  if (!isReflected(target, PEERS) || target.metadata.deletionTimestamp) return undefined
  if (!equal(target.data, source.data)) {
    return `holds ${JSON.stringify(target.data)}, the source ${JSON.stringify(source.data)}`
  }
  const annotations = target.metadata.annotations ?? {}
  const stamp = {
    [SOURCE]: `${source.metadata.namespace}/${source.metadata.name}`,
    [SOURCE_CLUSTER_UID]: clusterUid,
  }
  for (const [key, value] of Object.entries(stamp)) {
    if (annotations[key] !== value) return `bears ${key}=${annotations[key]} instead of ${value}`
  }
  return undefined
}

import type { KubeObject } from '../../cluster/port.ts'
import { GATE_PREFIX, gateName } from '../../kinds/pod/gate.ts'
import { specOf } from '../namespace/name.ts'
import type { NodeSelector } from '../namespace/selector.ts'
import { changed, type Decision, denied, PASS, type SpecFields } from './answer.ts'
import { type Candidate, choose } from './choose.ts'
import { type PodSpec, type Strategy, scheduling, stayingHome } from './pod.ts'

export interface PodQuestion {
  pod: KubeObject
  /** uid of the admission request. */
  uid: string
  /** The namespace's NamespaceOffloading; undefined where there is none. */
  offloading: KubeObject | undefined
  /** Clusters that the pod's home peers with. */
  candidates: readonly Candidate[]
  /** Pods of this class choose for themselves: the RuntimeClass bears toleration and node selector. */
  runtimeClass: string
}

/**
 * What becomes of a new pod in an offloaded namespace. Pure; first row that fits:
 *
 * | pod | answer |
 * |---|---|
 * | no NamespaceOffloading, strategy Local, runtime class of the virtual nodes | as it is |
 * | of a DaemonSet | kept off virtual nodes: DaemonSets serve the nodes of their own cluster |
 * | a cluster in gate mode is chosen | gated for it |
 * | else | toleration and node affinity, and the scheduler decides |
 */
export function admitPod({ pod, uid, offloading, candidates, runtimeClass }: PodQuestion): Decision {
  if (!offloading) return PASS
  const { podOffloadingStrategy = 'LocalAndRemote' } = specOf(offloading)
  const spec = (pod.spec ?? {}) as PodSpec
  if (podOffloadingStrategy === 'Local') return PASS
  if (!isStrategy(podOffloadingStrategy)) return denied('failed constructing pod mutation', 500, 'InternalError')
  if (spec.runtimeClassName === runtimeClass) return PASS
  if (isOfDaemonSet(pod)) return changed(stayingHome(spec))
  try {
    const choice = choose(pod, uid, offloading, podOffloadingStrategy, candidates)
    if (choice.to === 'nowhere') return denied(choice.why)
    if (choice.to === 'gate') return changed(gated(spec, choice.remote))
    return changed({ ...ungated(spec), ...scheduling(spec, podOffloadingStrategy, selectorOf(offloading)) })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return denied(error.message)
  }
}

/** A gate of ours that the pod was copied with gives way to the new choice. */
function gated(spec: PodSpec, remote: string): SpecFields {
  return { schedulingGates: [...othersGates(spec), { name: gateName(remote) }] }
}

function ungated(spec: PodSpec): SpecFields {
  const others = othersGates(spec)
  return others.length === (spec.schedulingGates ?? []).length ? {} : { schedulingGates: others }
}

function othersGates({ schedulingGates }: PodSpec): readonly { name?: string }[] {
  return (schedulingGates ?? []).filter(({ name }) => !name?.startsWith(GATE_PREFIX))
}

function isStrategy(name: string): name is Strategy {
  return name === 'Remote' || name === 'LocalAndRemote'
}

function isOfDaemonSet({ metadata: { ownerReferences } }: KubeObject): boolean {
  const owners = (ownerReferences ?? []) as { kind?: string; controller?: boolean }[]
  return owners.some(({ kind, controller }) => kind === 'DaemonSet' && controller === true)
}

function selectorOf(offloading: KubeObject): NodeSelector | undefined {
  return (offloading.spec as { clusterSelector?: NodeSelector } | undefined)?.clusterSelector
}

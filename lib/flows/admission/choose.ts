import { createHash } from 'node:crypto'
import type { KubeObject } from '../../cluster/port.ts'
import type { OffloadingMode } from '../../config/offloading.ts'
import { matches, type NodeSelector } from '../namespace/selector.ts'
import { isReadyFor } from '../namespace/status.ts'
import { nodeName } from '../node/name.ts'
import type { PodSpec, Strategy } from './pod.ts'

export interface Candidate {
  /** ClusterID. */
  remote: string
  /** By a virtual node that the scheduler chooses, or by a gate that we set. */
  mode: OffloadingMode
  /** What selectors see of it (`clusterLabels`). */
  labels: Readonly<Record<string, string>>
}

/** `scheduler`: the home scheduler decides, among nodes of its own and virtual ones. */
export type Choice = { to: 'scheduler' } | { to: 'gate'; remote: string } | { to: 'nowhere'; why: string }

/**
 * Where a pod goes, decided without any state and without a look at loads: all clusters that clusterSelector and the
 * pod's own nodeSelector and required node affinity match take part alike, and with LocalAndRemote the home cluster as
 * one more; those whose copy of the namespace is not ready only if there is no other. Pods with a number (StatefulSet,
 * indexed Job) are dealt out in turn, and go where they went before when they are made anew; of all others the uid of
 * the admission request decides, which is random: evenly in the long run.
 * @param candidates the clusters that the pod's home peers with; without one in gate mode the scheduler decides
 * @throws TypeError for a selector that makes no sense
 */
export function choose(
  pod: KubeObject,
  requestUid: string,
  offloading: KubeObject,
  strategy: Strategy,
  candidates: readonly Candidate[],
): Choice {
  const spec = (pod.spec ?? {}) as PodSpec
  if (spec.nodeName || candidates.every(({ mode }) => mode === 'virtual-node')) return { to: 'scheduler' }
  const selector = (offloading.spec as { clusterSelector?: NodeSelector } | undefined)?.clusterSelector
  const fitting = candidates
    .filter(({ remote, labels }) => matches(selector, labels, fieldsOf(remote)) && fits(spec, remote, labels))
    .toSorted((a, b) => (a.remote < b.remote ? -1 : 1))
  const ready = fitting.filter(({ remote }) => isReadyFor(offloading, remote))
  const taking = ready.length > 0 ? ready : fitting
  const isHomeIn = strategy === 'LocalAndRemote' && !taking.some((one) => isAskedFor(spec, one))
  const places: Choice[] = [
    ...(isHomeIn ? [{ to: 'scheduler' } as const] : []),
    ...taking.map(({ remote, mode }): Choice => (mode === 'gate' ? { to: 'gate', remote } : { to: 'scheduler' })),
  ]
  return places[placeOf(pod, requestUid) % places.length] ?? nowhere(strategy, candidates)
}

/** The pod's own demands on its node, as far as they can be told from labels. */
function fits({ nodeSelector, affinity }: PodSpec, remote: string, labels: Candidate['labels']): boolean {
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const hasAll = Object.entries(nodeSelector ?? {}).every(([key, value]) => labels[key] === value)
  return hasAll && matches(required ?? undefined, labels, fieldsOf(remote))
}

/** The pod demands what only a virtual node has: no node of the home cluster would do. */
function isAskedFor(spec: PodSpec, { remote, labels }: Candidate): boolean {
  const common = Object.fromEntries(Object.entries(labels).filter(([key]) => !key.startsWith('liqo.io/')))
  return !fits(spec, remote, common)
}

function fieldsOf(remote: string): Record<string, string> {
  return { 'metadata.name': nodeName(remote) }
}

const INDEXES = ['apps.kubernetes.io/pod-index', 'batch.kubernetes.io/job-completion-index']

/** A number that spreads pods over places. */
function placeOf({ metadata: { labels, annotations, ownerReferences } }: KubeObject, requestUid: string): number {
  const index = INDEXES.map((key) => labels?.[key] ?? annotations?.[key]).find((value) => /^\d{1,9}$/.test(value ?? ''))
  if (index === undefined) return hash(requestUid)
  // Not all sets begin with the same cluster.
  const [owner] = (ownerReferences ?? []) as { uid?: string }[]
  return Number(index) + hash(owner?.uid ?? '')
}

function hash(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE()
}

function nowhere(strategy: Strategy, candidates: readonly Candidate[]): Choice {
  if (strategy === 'LocalAndRemote') return { to: 'scheduler' }
  const ids = candidates.map(({ remote }) => remote).join(', ')
  return {
    to: 'nowhere',
    why: `podOffloadingStrategy is Remote, but clusterSelector and the pod's own node selectors leave out every remote cluster (${ids})`,
  }
}

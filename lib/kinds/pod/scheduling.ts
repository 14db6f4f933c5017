import type { KubeObject } from '../../cluster/port.ts'
import { NOT_ALLOWED } from '../../flows/node/name.ts'
import { isMap, type Json, mapOf, mapsOf } from '../json.ts'
import { filled } from '../meta.ts'
import type { PodPatch } from './settings.ts'

/** Annotations of a home pod; `soft`, `hard` or `propagate`, and a list of label keys, e.g. `app,tier`. */
const ANTI_AFFINITY = 'liqo.io/anti-affinity-preset'
const ANTI_AFFINITY_LABELS = 'liqo.io/anti-affinity-labels'
const RUNTIME_CLASS = 'liqo.io/remote-runtime-class-name'

/** Class that sends a pod to a virtual node at home; no cluster runs anything with it. */
const LIQO_RUNTIME_CLASS = 'liqo'

/** Labels that tell the pods of one workload apart: a selector that had them would match one pod only. */
const OF_ONE_POD = ['controller-revision-hash', 'pod-template-hash', 'statefulset.kubernetes.io/pod-name']

/**
 * Fields of the remote pod's spec that say where it may run. Of the home pod only what does not name home's nodes.
 * Source of the rules: Liqo v1.2, `pkg/virtualKubelet/forge/pods.go`.
 * @param labels of the remote pod, without marks
 */
export function remoteScheduling(pod: KubeObject, labels: Record<string, string>, patch: PodPatch = {}): Json {
  const { tolerations, runtimeClassName } = mapOf(pod.spec)
  return filled({
    tolerations: [...remoteTolerations(mapsOf(tolerations)), ...(patch.tolerations ?? [])],
    nodeSelector: patch.nodeSelector,
    affinity: antiAffinity(pod, labels) ?? patch.affinity,
    runtimeClassName: runtimeClass(pod, runtimeClassName, patch) || undefined,
  })
}

/** Those of the home pod but for the one that let it onto the virtual node. */
export function remoteTolerations(tolerations: readonly Json[]): Json[] {
  return tolerations.filter(({ key }) => key !== NOT_ALLOWED)
}

/** undefined: nothing is asked for, or there is nothing to propagate. */
function antiAffinity(pod: KubeObject, labels: Record<string, string>): Json | undefined {
  const { [ANTI_AFFINITY]: preset, [ANTI_AFFINITY_LABELS]: keys } = pod.metadata.annotations ?? {}
  const term = { labelSelector: { matchLabels: workloadLabels(labels, keys) }, topologyKey: 'kubernetes.io/hostname' }
  switch (preset) {
    case 'propagate': {
      const { podAntiAffinity } = mapOf(mapOf(pod.spec).affinity)
      return isMap(podAntiAffinity) ? { podAntiAffinity } : undefined
    }
    case 'soft':
      return only('preferredDuringSchedulingIgnoredDuringExecution', { weight: 1, podAffinityTerm: term })
    case 'hard':
      return only('requiredDuringSchedulingIgnoredDuringExecution', term)
    default:
      return undefined
  }
}

function only(strength: string, term: Json): Json {
  return { podAntiAffinity: { [strength]: [term] } }
}

/**
 * Labels that the pods of a workload share: the listed ones, or all but those of one pod.
 * @param keys e.g. `app,tier`; spaces count
 */
export function workloadLabels(labels: Record<string, string>, keys?: string): Record<string, string> {
  const listed = keys?.split(',')
  return Object.fromEntries(
    Object.entries(labels).filter(([key]) => (listed ? listed.includes(key) : !OF_ONE_POD.includes(key))),
  )
}

function runtimeClass(pod: KubeObject, own: unknown, patch: PodPatch): unknown {
  const asked = pod.metadata.annotations?.[RUNTIME_CLASS]
  return asked || (own === LIQO_RUNTIME_CLASS ? undefined : own) || patch.runtimeClassName
}

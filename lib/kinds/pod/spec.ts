import type { KubeObject } from '../../cluster/port.ts'
import { eachMap, isMap, type Json, mapOf } from '../json.ts'
import type { Context } from '../kind.ts'
import { filled, without } from '../meta.ts'
import { remoteContainers, remoteHostAliases } from './api-server.ts'

import { remoteScheduling } from './scheduling.ts'
import { apiServerFor, type PodSettings, serviceAccountOf } from './settings.ts'
import { remoteVolumes } from './volumes.ts'

/** Annotation of a home pod meant for the remote API server: its ServiceAccount there. */
const REMOTE_ACCOUNT = 'liqo.io/remote-service-account-name'

/**
 * Fields of a pod's spec that belong to the home cluster: its nodes, scheduler, priorities, classes, claims and
 * accounts, and the host's own namespaces, which a guest does not get. Those that come back under other rules are
 * forged below. Fields that this version does not know pass unchanged; Liqo's list is closed and loses them.
 */
const NOT_SENT = [
  'affinity',
  'automountServiceAccountToken',
  'ephemeralContainers',
  'hostIPC',
  'hostNetwork',
  'hostPID',
  'hostUsers',
  'nodeName',
  'nodeSelector',
  'os',
  'overhead',
  'preemptionPolicy',
  'priority',
  'priorityClassName',
  'resourceClaims',
  'runtimeClassName',
  'schedulerName',
  'schedulingGates',
  'serviceAccount',
  'serviceAccountName',
  'tolerations',
]

/**
 * Spec of the pod to run remotely. Source of the rules: Liqo v1.2, `pkg/virtualKubelet/forge/pods.go`.
 * @param labels of the remote pod, without marks
 */
export function remotePodSpec(
  pod: KubeObject,
  labels: Record<string, string>,
  context: Context,
  settings: PodSettings,
): Json {
  const { containers, initContainers, ...spec } = mapOf(pod.spec)
  const changed = {
    volumes: remoteVolumes(pod, context, settings),
    hostAliases: remoteHostAliases(pod, settings),
    initContainers: withoutClaims(remoteContainers(initContainers, pod, settings)),
    ...remoteScheduling(pod, labels, settings.patch),
  }
  return {
    ...without(spec, NOT_SENT),
    containers: withoutClaims(remoteContainers(containers, pod, settings)),
    ...filled(changed),
    ...remoteAccount(pod, settings),
  }
}

/** Of a pod without `resourceClaims` an API server takes no containers that refer to them. */
function withoutClaims(containers: unknown): unknown {
  return eachMap(containers, (container) => {
    const { resources } = container
    return isMap(resources) && 'claims' in resources
      ? { ...container, resources: without(resources, ['claims']) }
      : container
  })
}

/** Without an account of the remote cluster no token of it is mounted either. */
function remoteAccount(pod: KubeObject, settings: PodSettings): Json {
  if (apiServerFor(pod, settings) !== 'Remote') return { automountServiceAccountToken: false }
  const { serviceAccountName } = mapOf(pod.spec)
  const asked = pod.metadata.annotations?.[REMOTE_ACCOUNT]
  return {
    automountServiceAccountToken: true,
    ...(asked === undefined
      ? serviceAccountName !== undefined && { serviceAccountName: serviceAccountOf(pod) }
      : filled({ serviceAccountName: asked || undefined })),
  }
}

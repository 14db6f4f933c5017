import { isDeepStrictEqual } from 'node:util'
import { type Amounts, plus } from '../../capacity/amounts.ts'
import { toText } from '../../capacity/quantity.ts'
import { type Claimant, requestsOf, silentOn } from '../../capacity/requests.ts'
import type { KubeObject } from '../../cluster/port.ts'
import { ORIGIN } from '../../kinds/meta.ts'
import { REMOTE_CLUSTER } from '../node/name.ts'
import { type Decision, denied, PASS } from './answer.ts'

/**
 * Rules for ShadowPods in a remote cluster, all pure. Sources: Liqo v0.8.3 and v1.2 (`pkg/webhooks/shadowpod`); of the
 * latter that requests count, not limits, so that a quota fills as the cluster itself does.
 */

/** A new one: it says which cluster it comes from, and its namespace is one for that cluster. */
export function admitOrigin(shadowPod: KubeObject, namespace: KubeObject | undefined): Decision {
  const origin = originOf(shadowPod)
  if (!origin) return denied(`missing origin label ${ORIGIN}`)
  const owner = namespace?.metadata.labels?.[REMOTE_CLUSTER]
  if (owner === origin) return PASS
  const { namespace: name = '' } = shadowPod.metadata
  return denied(
    `namespace ${name} is not one for pods of cluster ${origin}: its label ${REMOTE_CLUSTER} says otherwise`,
  )
}

/** A changed one: the origin stays, and so does all of the pod's spec that Kubernetes would not let change either. */
export function admitUpdate(shadowPod: KubeObject, old: KubeObject): Decision {
  const origin = originOf(shadowPod)
  if (!origin || !originOf(old)) return denied(`missing origin label ${ORIGIN}`)
  if (origin !== originOf(old)) return denied(`label ${ORIGIN} cannot be changed`)
  if (isDeepStrictEqual(immutable(shadowPod), immutable(old))) return PASS
  return denied('spec.pod cannot be changed, but for images, activeDeadlineSeconds and tolerations')
}

/**
 * Whether one more fits beside the others of its origin. What has ended takes no place. Every resource that the pod
 * asks for must be in the quota, and every container must say how much CPU and memory it takes where the quota names
 * these: an unbounded one would make it meaningless.
 */
export function admitQuota(shadowPod: KubeObject, others: readonly KubeObject[], quota: Amounts): Decision {
  const pod = podOf(shadowPod)
  for (const resource of ['cpu', 'memory'].filter((name) => name in quota)) {
    const [silent] = silentOn(resource, pod)
    if (silent !== undefined) return denied(`container ${silent} must set a request or limit for ${resource}`)
  }
  const used = others.filter(isTakingPlace).map(claimOf).reduce(plus, {})
  for (const [resource, wanted] of Object.entries(claimOf(shadowPod))) {
    const granted = quota[resource]
    if (granted === undefined) {
      // A count of pods is only kept where one is set.
      if (resource === PODS) continue
      return denied(`resource ${resource} is not granted to cluster ${originOf(shadowPod)}`)
    }
    const left = granted - (used[resource] ?? 0n)
    if (wanted <= left) continue
    const figures = `${toText(wanted)} requested, ${toText(left < 0n ? 0n : left)} of ${toText(granted)} left`
    return denied(`quota of cluster ${originOf(shadowPod)} exceeded: ${resource}: ${figures}`)
  }
  return PASS
}

export function originOf({ metadata: { labels } }: KubeObject): string | undefined {
  return labels?.[ORIGIN] || undefined
}

const PODS = 'pods'

function claimOf(shadowPod: KubeObject): Amounts {
  return { ...requestsOf(podOf(shadowPod)), [PODS]: 1_000_000_000n }
}

function podOf({ spec }: KubeObject): Claimant {
  return (spec as { pod?: Claimant } | undefined)?.pod ?? {}
}

function isTakingPlace({ status }: KubeObject): boolean {
  const { phase } = (status ?? {}) as { phase?: string }
  return phase !== 'Succeeded' && phase !== 'Failed'
}

function immutable(shadowPod: KubeObject): unknown {
  const { activeDeadlineSeconds: _, tolerations: __, ...spec } = podOf(shadowPod) as Record<string, unknown>
  return { ...spec, containers: imageless(spec.containers), initContainers: imageless(spec.initContainers) }
}

function imageless(containers: unknown): unknown {
  return (containers as Record<string, unknown>[] | null | undefined)?.map(({ image: _, ...rest }) => rest)
}

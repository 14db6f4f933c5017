import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../../lib/cluster/port.ts'
import { eachMap, type Json, mapOf, mapsOf } from '../../lib/kinds/json.ts'
import type { Golden } from './cases.ts'
import type { Deviation } from './deviations.ts'
import { homePodOf } from './pods.ts'
import { inputOf } from './runner.ts'

/** Where pods mean to differ from Liqo's. */
export const podDeviations: readonly Deviation[] = [
  {
    name: 'unknown-pod-fields-pass',
    reason:
      "A pod's spec travels but for a closed list of fields that belong to the home cluster; Liqo's list of what travels is closed, so it loses what it does not know, such as pod-level resources.",
    rewrite: (expected, given) => {
      const unknown = Object.entries(mapOf(homePodOf(given).spec)).filter(([field]) => !POD_FIELDS.includes(field))
      const { remote } = inputOf<{ remote: KubeObject }>(given)
      if (given.fn !== 'RemoteShadowPod' || remote || unknown.length === 0) return expected
      return withPod(expected, (pod) => ({ ...pod, ...Object.fromEntries(unknown) }))
    },
  },
  {
    name: 'edits-travel',
    reason:
      'Images, a shorter activeDeadlineSeconds and further tolerations reach a pod that runs; Liqo settles the spec when it makes the pod.',
    rewrite: (expected, given) => {
      const { remote } = inputOf<{ remote: KubeObject }>(given)
      if (given.fn !== 'RemoteShadowPod' || !remote) return expected
      const spec = mapOf(homePodOf(given).spec)
      const images = new Map(mapsOf(spec.containers).map(({ name, image }) => [name, image]))
      return withPod(expected, (pod) => ({
        ...pod,
        containers: eachMap(pod.containers, (one) => ({ ...one, image: images.get(one.name) ?? one.image })),
        tolerations: [...mapsOf(pod.tolerations), ...traveling(spec), ...added(given)],
      }))
    },
  },
  {
    name: 'apply-own-fields',
    reason:
      'A write says only what is ours: it bears no field of the API server and leaves finalizers and other labels to those who set them; Liqo replaces the whole object.',
    rewrite: (expected, given) => {
      const { remote } = inputOf<{ remote: KubeObject }>(given)
      if (given.fn !== 'RemoteShadowPod' || !remote) return expected
      const { name, namespace, labels, annotations } = (expected as KubeObject).metadata
      return { ...(expected as KubeObject), metadata: { name, namespace, labels, annotations } }
    },
  },
  {
    name: 'whole-addresses',
    reason:
      'All address families of a pod are kept and translated, and what has no translation is left out: Liqo keeps one entry, which may be empty or untranslated and would be refused by the API server.',
    rewrite: (expected, given) => {
      if (given.fn !== 'LocalPod') return expected
      const status = mapOf((expected as { status?: unknown }).status)
      const there = mapOf(inputOf<{ remote: KubeObject }>(given).remote?.status)
      const names = mapOf(given.params.ipTranslation)
      const only = !there.podIP && mapsOf(there.podIPs).flatMap(({ ip }) => (names[String(ip)] as string) ?? [])
      const whole = ['podIPs', 'hostIPs'].reduce<Json>((all, field) => {
        const entries = mapsOf(all[field]).filter(({ ip }) => ip !== '')
        const { [field]: _, ...rest } = all
        return entries.length > 0 ? { ...rest, [field]: entries } : rest
      }, status)
      const alone = only && only.length > 0 ? { podIP: only[0], podIPs: only.map((ip) => ({ ip })) } : {}
      const changed = { ...whole, ...alone }
      return isDeepStrictEqual(changed, status) ? expected : { ...mapOf(expected), status: changed }
    },
  },
]

/** Fields of a pod's spec that Liqo v1.2 knows: sent, changed, or left out on purpose. */
const POD_FIELDS =
  'activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy enableServiceLinks ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname imagePullSecrets initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName readinessGates resourceClaims restartPolicy runtimeClassName schedulerName schedulingGates securityContext serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds tolerations topologySpreadConstraints volumes'.split(
    ' ',
  )

function withPod(expected: unknown, change: (pod: Json) => Json): unknown {
  const object = mapOf(expected)
  const spec = mapOf(object.spec)
  return { ...object, spec: { ...spec, pod: change(mapOf(spec.pod)) } }
}

function traveling(spec: Json): Json[] {
  return mapsOf(spec.tolerations).filter(({ key }) => key !== 'virtual-node.liqo.io/not-allowed')
}

/** Tolerations that the operator of the peering adds. */
function added(given: Golden): Json[] {
  return mapsOf(mapOf(given.params.offloadingPatch).tolerations)
}

import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../../lib/cluster/port.ts'
import { eachMap, type Json, mapOf, mapsOf } from '../../lib/kinds/json.ts'
import { without } from '../../lib/kinds/meta.ts'
import { remoteShadowPod } from '../../lib/kinds/pod/forge.ts'
import { SPEC_DIGEST } from '../../lib/kinds/shadowpod/forge.ts'
import { podIPsAtHome } from '../../lib/policy/lists.ts'
import { policyOf } from '../../lib/policy/policy.ts'
import { ALREADY_EXISTS } from '../../lib/reflect/messages.ts'
import type { Golden } from './cases.ts'
import { ANY_TEXT } from './compare.ts'
import { contextOf } from './context.ts'
import type { Deviation } from './deviations.ts'
import { homePodOf, peeringSettingsOf, podNetworksOf } from './pods.ts'
import { type Action, type Answer, isAnswer, localOf, withActions } from './reflection.ts'
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
    name: 'claims-stay',
    reason:
      'Containers refer to no claims of devices, as `resourceClaims` of their pod stay at home; Liqo sends the references alone, and an API server refuses such a pod.',
    rewrite: (expected, given) => {
      const spec = mapOf(homePodOf(given).spec)
      const isClaiming = [...mapsOf(spec.containers), ...mapsOf(spec.initContainers)].some(
        ({ resources }) => 'claims' in mapOf(resources),
      )
      if (given.fn !== 'RemoteShadowPod' || !isClaiming) return expected
      const unclaimed = (containers: unknown) =>
        eachMap(containers, ({ resources, ...rest }) => ({
          ...rest,
          ...(resources !== undefined && { resources: without(mapOf(resources), ['claims']) }),
        }))
      return withPod(expected, ({ containers, initContainers, ...rest }) => ({
        ...rest,
        containers: unclaimed(containers),
        ...(initContainers !== undefined && { initContainers: unclaimed(initContainers) }),
      }))
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
  {
    name: 'addresses-of-the-peer',
    reason:
      'A pod address outside the CIDRs of its cluster is left out and reported: what a cluster says of itself is not believed. Liqo lets it pass.',
    rewrite: (expected, given) => {
      const pod = remotePodOf(given)
      if (given.kind !== 'reflect-pod' || !isAnswer(expected) || !pod) return expected
      const { home, remote } = podNetworksOf(given)
      const { podIP } = mapOf(pod.status)
      const { refused } = podIPsAtHome(policyOf(home, remote), typeof podIP === 'string' ? [podIP] : [])
      if (refused.length === 0) return expected
      const actions = expected.actions.map((action) =>
        withStatus(action, (status) => without(status, ['podIP', 'podIPs'])),
      )
      return {
        ...expected,
        actions,
        events: [...expected.events, warning(given, refused.map(({ why }) => why).join('; '))],
      }
    },
  },
  {
    name: 'refusals-show',
    reason:
      'A pod that the remote cluster does not take says so by a condition of its own, besides the Event, which is gone after an hour.',
    rewrite: (expected, given) => {
      const local = localOf(given)
      const why = ALREADY_EXISTS
      if (given.kind !== 'reflect-pod' || !isAnswer(expected) || !local) return expected
      if (!expected.events.includes(warning(given, why))) return expected
      const status = { ...mapOf(local.status), ...shownRefusal(local, why) }
      const object = { metadata: local.metadata, spec: { containers: null }, status } as unknown as KubeObject
      const place = { namespace: local.metadata.namespace!, name: local.metadata.name }
      const action = {
        cluster: 'local',
        verb: 'update',
        resource: 'pods',
        subresource: 'status',
        ...place,
        object,
      } as const
      return { ...expected, actions: [...expected.actions, action] }
    },
  },
  {
    name: 'short-tokens-only',
    reason:
      'A peering has short tokens bound to their pod, or none: since Kubernetes 1.22 every API server serves them. Where one does not, Liqo looks for a reflected Secret with a long-lived token (Legacy), and the pod fails if there is not just one.',
    rewrite: (expected, given) => {
      const isLegacy = given.kind === 'reflect-pod' && given.params.apiServerSupport === 'Legacy'
      const local = localOf(given)
      if (!isLegacy || !isAnswer(expected) || !local) return expected
      const { metadata, spec } = remoteShadowPod(local, contextOf(given), peeringSettingsOf(given))
      if (/associated with service account/.test(String(expected.error))) {
        const { resource: _, object: __, ...place } = expected.actions[0] as Action
        const object = { metadata, spec, status: { phase: '' } } as unknown as KubeObject
        const namespace = contextOf(given).remoteNamespace
        const how = { cluster: 'remote', verb: 'create', resource: 'shadowpods.offloading.liqo.io' } as const
        return { actions: [...expected.actions, { ...place, ...how, namespace, object }], events: [] }
      }
      const { volumes } = mapOf(mapOf(spec).pod)
      return withActions(expected, (action) =>
        action.verb === 'create'
          ? { ...action, object: withPod(action.object, (pod) => ({ ...pod, volumes })) as KubeObject }
          : action,
      )
    },
  },
  {
    name: 'no-adoption',
    reason:
      'A pod without our marks is nobody’s shadow: it is left alone, and the ShadowPod says why it has none. Liqo takes it over where it can see it, and tries for ever where it cannot.',
    rewrite: (expected, given) => {
      const { objects = [] } = inputOf<{ objects: KubeObject[] }>(given)
      const [shadow, pod] = ['ShadowPod', 'Pod'].map((kind) => objects.find((object) => object.kind === kind))
      if (given.fn !== 'ShadowPodReconcile' || !shadow || !pod || hasMarks(pod)) return expected
      const why = ALREADY_EXISTS
      const { metadata, spec } = shadow
      const object = { metadata, spec, status: { phase: 'Pending', reason: 'Refused', message: why } }
      const { actions, events } = expected as Answer
      const update = actions.find(({ verb }) => verb === 'update')
      return { actions: [{ ...update, object }], events: [...events, warning(given, why)] }
    },
  },
  {
    name: 'edits-once',
    reason:
      'A pod made for a ShadowPod tells, by a digest as an annotation, which spec it was last given: an edit is sent once, and what its cluster has made of an image stays. Liqo never sends one.',
    rewrite: (expected, given) => {
      if (given.fn !== 'ShadowPodReconcile') return expected
      return withActions(expected, (action) => {
        if (action.verb !== 'create' || action.resource !== 'pods' || !action.object) return action
        const { metadata } = action.object
        const annotations = { ...metadata.annotations, [SPEC_DIGEST]: ANY_TEXT }
        return { ...action, object: { ...action.object, metadata: { ...metadata, annotations } } }
      })
    },
  },
  {
    name: 'known-at-once',
    reason:
      'A ShadowPod knows its pod as soon as it is made, so that one with an end that is lost unseen is not run again; Liqo learns of it by an event.',
    rewrite: (expected, given) => {
      const { objects = [] } = inputOf<{ objects: KubeObject[] }>(given)
      const [shadow] = objects
      const isMade =
        isAnswer(expected) && expected.actions.some(({ verb, resource }) => verb === 'create' && resource === 'pods')
      if (given.fn !== 'ShadowPodReconcile' || !shadow || !isMade) return expected
      const { metadata, spec } = shadow
      const status = { phase: 'Pending', podUID: ANY_TEXT, restartCount: 0, restarts: 0 }
      const how = { verb: 'update', subresource: 'status', resource: 'shadowpods.offloading.liqo.io' }
      const told = { ...expected.actions[0], ...how, object: { metadata, spec, status } }
      return { ...expected, actions: [...expected.actions, told] }
    },
  },
  {
    name: 'home-knows-the-way',
    reason:
      'The address of the home API server is forged as the remote cluster sees it; Liqo sends it as home sees it, and the remote cluster changes it.',
    rewrite: (expected, given) => {
      const { objects = [] } = inputOf<{ objects: KubeObject[] }>(given)
      const { hostAliases } = mapOf(mapOf(objects[0]?.spec).pod)
      if (given.fn !== 'ShadowPodReconcile' || !isAnswer(expected) || !hostAliases) return expected
      return withActions(expected, (action) => {
        if (action.verb !== 'create') return action
        const object = action.object as KubeObject
        return { ...action, object: { ...object, spec: { ...mapOf(object.spec), hostAliases } } }
      })
    },
  },
]

function remotePodOf(given: Golden): KubeObject | undefined {
  return inputOf<{ remote: KubeObject[] }>(given).remote?.find?.(({ kind }) => kind === 'Pod')
}

function withStatus(action: Action, change: (status: Json) => Json): Action {
  const object = action.object as KubeObject
  return { ...action, object: { ...object, status: change(mapOf(object.status)) } }
}

function shownRefusal(local: KubeObject, message: string): Json {
  const condition = {
    type: 'offloading.heliograph.io/Refused',
    status: 'True',
    reason: 'RemoteClusterRefused',
    message,
    lastTransitionTime: '<now>',
  }
  return { conditions: [...mapsOf(mapOf(local.status).conditions), condition] }
}

function warning({ params }: Golden, why: string): string {
  const { id } = params.remoteCluster as { id: string }
  return `Warning FailedReflection Error reflecting object to cluster ${JSON.stringify(id)}: ${why}`
}

function hasMarks({ metadata: { labels = {} } }: KubeObject): boolean {
  return 'offloading.liqo.io/origin' in labels && 'offloading.liqo.io/destination' in labels
}

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

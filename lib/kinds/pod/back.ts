import type { KubeObject } from '../../cluster/port.ts'
import { policyOf } from '../../policy/policy.ts'
import { failedReflection } from '../../reflect/messages.ts'
import { type Json, mapOf } from '../json.ts'
import type { Context, Gift, Seen } from '../kind.ts'
import { negotiatedNetworks } from '../negotiated.ts'
import { endedPodStatus } from './ended.ts'
import { OFFLOADED } from './forge.ts'
import { refusalOf, withRefusal } from './refusal.ts'
import { earlierRestarts } from './restarts.ts'
import { isLost, isOffloadedTo, isPodOf, nodeIPOf, remotePodOfOurs } from './select.ts'
import { isShown } from './shown.ts'
import { homePodStatus, isTerminal, phaseOf } from './status.ts'

/**
 * What is due to a home pod.
 *
 * | home pod | remote pod | ShadowPod | given |
 * |---|---|---|---|
 * | not of that cluster | - | - | nothing |
 * | being deleted | gone | gone | its end |
 * | ended | - | - | nothing: an end is for good |
 * | - | there | - | the label, and the remote status |
 * | - | gone | ended | the label, and an end like that |
 * | not to run for ever, and was seen | gone | lost | Failed: how it ended nobody can tell |
 * | - | gone | - | the label; a condition, if the remote cluster refuses the pod |
 *
 * Source of the rules: Liqo v1.2, `pkg/virtualKubelet/reflection/workload/podns.go`; to show a refusal is ours.
 */
export function homePodGift(seen: Seen, context: Context): Gift | undefined {
  const { source: pod, target: shadow, found } = seen
  if (!isOffloadedTo(pod, context, found.nodes ?? [])) return undefined
  const remote = remotePodOfOurs(found, context)
  const isGoing = pod.metadata.deletionTimestamp !== undefined
  if (isGoing && !shadow && !remote) return { end: true }
  if (isTerminal(pod.status)) return undefined
  // Its own end is on its way there.
  if (isGoing && !shadow && !remote?.metadata.deletionTimestamp) return undefined
  const counts = remote && (isGoing || isPodOf(remote, shadow) || isLost(pod, found))
  const { status, notices } = counts ? shownBy(remote, seen, context) : withoutPod(seen)
  const isTaken = !isGoing && (shadow !== undefined || seen.refusal === undefined)
  const isNew = status !== undefined && !isShown(mapOf(pod.status), status)
  const message = failedReflection(context.remote, notices.join('; '))
  const gift: Gift = {
    ...(isTaken && pod.metadata.labels?.[OFFLOADED] !== 'true' && { labels: { [OFFLOADED]: 'true' } }),
    ...(isNew && { status }),
    ...(isNew && notices.length > 0 && { warning: { reason: 'FailedReflection', message } }),
  }
  return Object.keys(gift).length > 0 ? gift : undefined
}

interface Shown {
  status?: Json
  /** What the owner has to know besides, and nobody has told yet. */
  notices: string[]
}

function shownBy(remote: KubeObject, { source, target, found, refusal, now }: Seen, context: Context): Shown {
  const networks = negotiatedNetworks(context, found)
  const policy = policyOf(networks.home, networks.remote)
  const life = { uid: remote.metadata.uid ?? '', status: remote.status }
  const restarts = earlierRestarts(target?.status, life, source.status)
  const mapping = { policy, nodeIP: nodeIPOf(source, found), restarts }
  const { status: whole, refused } = homePodStatus(source.status, remote.status, mapping)
  const status = source.metadata.deletionTimestamp ? whole : { ...whole, phase: phaseOf(remote) }
  const notices = refused.map(({ why }) => why)
  return { status: refusal === undefined ? status : withRefusal(status, source.status, refusal, now), notices }
}

function withoutPod({ source, target, found, refusal, now }: Seen): Shown {
  const ended = (phase: unknown): Shown => ({
    status: endedPodStatus(source.status, String(phase), 'RemotePodTerminated', now),
    notices: [],
  })
  if (isTerminal(target?.status)) return ended(mapOf(target?.status).phase)
  if (isLost(source, found)) return ended('Failed')
  const told = refusalOf(target?.status)
  const why = refusal ?? told
  if (why === undefined) return { notices: [] }
  const status = withRefusal(mapOf(source.status), source.status, why, now)
  return { status, notices: refusal === undefined && told !== undefined ? [told] : [] }
}

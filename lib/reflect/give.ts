import type { KubeObject } from '../cluster/port.ts'
import type { Context, Found, Gift, Kind } from '../kinds/kind.ts'
import { type Peering, sideOf } from './peering.ts'
import type { Verdict } from './plan.ts'
import { tell } from './report.ts'
import { applyPartly } from './shed.ts'

/** What is due to the source as things stand, the target having been made just now or not. Pure. */
export type GiftOf = (refusal: string | undefined, now: string, made?: KubeObject) => Gift | undefined

export function giftOf(
  { back }: Kind,
  context: Context,
  source: KubeObject | undefined,
  target: KubeObject | undefined,
  found: Found,
): GiftOf | undefined {
  if (!source || !back) return undefined
  return (refusal, now, made) => back.forge({ source, target, made, found, refusal, now }, context)
}

/** Why there is no target, or not the desired one, where the source should say so. */
export function refusalIn(verdict: Verdict): string | undefined {
  if (verdict.verdict === 'blocked') return verdict.why
  return verdict.verdict === 'skipped' && verdict.selection.fault ? verdict.why : undefined
}

/** Now, as the API writes it. */
export function timestamp(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`
}

/**
 * Gives the source what is due to it. Its uid and resourceVersion guard every write, so that what was forged from one
 * state of it never meets another.
 * @returns the source as it is then, undefined when it was ended; and the number of writes
 * @throws ConflictError when the source changed meanwhile
 * @throws ClusterError as the cluster does
 */
export async function give(
  kind: Kind,
  peering: Peering,
  source: KubeObject,
  gift: Gift,
): Promise<{ source: KubeObject | undefined; writes: number }> {
  const cluster = sideOf(peering, kind.source.side)
  const { resource } = kind.source
  let [last, writes] = [source, 0]
  const body = (members: object, metadata: object = {}): KubeObject => {
    const { name, namespace, uid, resourceVersion } = last.metadata
    const guard = {
      name,
      ...(namespace !== undefined && { namespace }),
      uid,
      resourceVersion,
    } as KubeObject['metadata']
    return { apiVersion: source.apiVersion, kind: source.kind, metadata: { ...guard, ...metadata }, ...members }
  }
  if (gift.warning) await tell(kind, peering, source, { type: 'Warning', ...gift.warning })
  if (gift.labels) {
    last = await cluster.apply(resource, body({}, { labels: gift.labels }))
    writes++
  }
  if (gift.status) {
    const desired = body({ status: gift.status })
    const given = kind.back?.partial
      ? await applyPartly(cluster, peering.log, resource, desired, last.status)
      : await cluster.apply(resource, desired, 'status')
    if (given) writes++
    last = given ?? last
  }
  if (!gift.end) return { source: last, writes }
  const { name, namespace, uid = '', resourceVersion = '' } = last.metadata
  const ref = namespace === undefined ? { name } : { namespace, name }
  await cluster.delete(resource, ref, { uid, resourceVersion }, { gracePeriodSeconds: 0 })
  return { source: undefined, writes: writes + 1 }
}

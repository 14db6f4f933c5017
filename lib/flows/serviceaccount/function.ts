import * as z from 'zod/mini'
import { changeOf, EVENT_SOURCE } from '../../event/change.ts'
import type { Measure } from '../../metrics.ts'
import { dispatchTokens, refreshTokens } from './dispatch.ts'
import type { TokenPeering } from './flow.ts'

/** Of the bus; any other event is a firing of the schedule. */
const change = z.object({ source: z.literal(EVENT_SOURCE) })

/** By hand, with `{"all": true}`: a pass over everything. */
const order = z.object({ all: z.optional(z.boolean()) })

/** Minutes between two passes over everything: as often as the sweep. */
const ALL_EVERY = 15

/**
 * One event: of the bus, or of the schedule.
 * @param now epoch ms
 * @throws ReflectionError when something may succeed on redelivery
 */
export async function tokenEvent(
  event: unknown,
  peerings: readonly TokenPeering[],
  measure?: Measure,
  now = Date.now(),
): Promise<void> {
  if (change.safeParse(event).success) return dispatchTokens(peerings, changeOf(event), now)
  const { data } = order.safeParse(event)
  const isAll = data?.all ?? Math.floor(now / 60_000) % ALL_EVERY === 0
  await refreshTokens(peerings, isAll ? 'all' : 'due', now, measure)
}

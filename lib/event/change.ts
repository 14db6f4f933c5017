import * as z from 'zod/mini'

/**
 * What travels on the bus: which objects of one kind, in one namespace of one cluster, to look at again. A reference,
 * never content. Names are at most 253 bytes, so `MAX_NAMES` of them stay far below the bus's entry limit.
 */
export const MAX_NAMES = 50

export const changeEvent = z.strictObject({
  /** ClusterID of the cluster where it happened, taken from the caller's credential. */
  cluster: z.string().check(z.minLength(1), z.maxLength(63)),
  /** Room of the kind, e.g. `configmap`. */
  kind: z.string().check(z.minLength(1)),
  /** Namespace in that cluster; empty for cluster-scoped objects. */
  namespace: z.string().check(z.maxLength(63)),
  /** Query of the kind's record that the changed objects answer; absent: they are its sources or targets. */
  of: z.optional(z.string().check(z.minLength(1))),
  /** Empty: any object of the kind in that namespace (deletecollection, names not known yet). */
  names: z.array(z.string().check(z.minLength(1), z.maxLength(253))).check(z.maxLength(MAX_NAMES)),
  /**
   * Present when the event came before the commit (admission): what the object was, so that the function can wait
   * until the change is there. `resourceVersion` is the one before the change; absent for CREATE.
   */
  admitted: z.optional(
    z.strictObject({ operation: z.enum(['CREATE', 'UPDATE', 'DELETE']), resourceVersion: z.optional(z.string()) }),
  ),
})

export type ChangeEvent = z.infer<typeof changeEvent>

/** EventBridge `source` and `detail-type` of every entry. */
export const EVENT_SOURCE = 'heliograph'
export const DETAIL_TYPE = 'Change'

/** Somebody else put on our bus, or a version that is not compatible: repeating does not help. */
export class MalformedChangeError extends Error {
  readonly retry = false

  constructor(field: string) {
    super(
      `event of the bus: ${field} is not as expected; is something else putting "${DETAIL_TYPE}" of "${EVENT_SOURCE}"?`,
    )
    this.name = new.target.name
  }
}

const busEvent = z.object({
  source: z.literal(EVENT_SOURCE),
  'detail-type': z.literal(DETAIL_TYPE),
  detail: changeEvent,
})

/** The change in an event as a rule of the bus hands it to a function. @throws MalformedChangeError */
export function changeOf(event: unknown): ChangeEvent {
  const parsed = busEvent.safeParse(event)
  if (!parsed.success) throw new MalformedChangeError(parsed.error.issues[0]?.path.join('.') || 'all of it')
  return parsed.data.detail
}

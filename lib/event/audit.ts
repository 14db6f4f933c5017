import * as z from 'zod/mini'
import { USER_AGENT } from '../cluster/port.ts'
import { type Reading, readItems, type Write } from './write.ts'

/**
 * One `audit.k8s.io/v1` Event, reduced to what is needed: level Metadata has it all. The objects that the higher levels
 * carry are not in the schema, so they end here. Go writes an absent field as null in places.
 */
export const auditEvent = z.object({
  stage: z.string(),
  verb: z.string(),
  requestURI: z._default(z.string(), ''),
  userAgent: z.nullish(z.string()),
  objectRef: z.nullish(
    z.object({
      resource: z.string(),
      subresource: z._default(z.string(), ''),
      apiGroup: z._default(z.string(), ''),
      namespace: z._default(z.string().check(z.maxLength(63)), ''),
      name: z._default(z.string().check(z.maxLength(253)), ''),
    }),
  ),
  responseStatus: z.nullish(z.object({ code: z.optional(z.number()) })),
})

type AuditEvent = z.infer<typeof auditEvent>

export const auditEventList = z.object({
  kind: z.literal('EventList'),
  apiVersion: z.literal('audit.k8s.io/v1'),
  items: z.nullable(z.array(z.unknown())),
})

/** `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[…]}` to writes. */
export function readAudit(list: z.infer<typeof auditEventList>): Reading {
  return readItems(list.items ?? [], auditEvent, auditWrite, (index) => `items[${index}]`)
}

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])

/**
 * A completed, successful, real write, or undefined. Without a status code (none was seen so far) it counts as
 * successful: one look too many costs less than a lost change.
 */
export function auditWrite({
  stage,
  verb,
  requestURI,
  userAgent,
  objectRef,
  responseStatus,
}: AuditEvent): Write | undefined {
  if (stage !== 'ResponseComplete' || !WRITES.has(verb) || !objectRef) return undefined
  if ((responseStatus?.code ?? 200) >= 300 || isDryRun(requestURI)) return undefined
  return {
    group: objectRef.apiGroup,
    plural: objectRef.resource,
    subresource: objectRef.subresource,
    namespace: objectRef.namespace,
    name: verb === 'deletecollection' ? '' : objectRef.name,
    // By the agent, not by the user: people may share the user's credential. Who forges it only waits for the sweep.
    own: userAgent?.startsWith(USER_AGENT) ?? false,
  }
}

function isDryRun(requestURI: string): boolean {
  const query = requestURI.indexOf('?')
  return query >= 0 && new URLSearchParams(requestURI.slice(query + 1)).getAll('dryRun').includes('All')
}

import * as z from 'zod'
import { USER_AGENT } from '../cluster/port.ts'
import { type Reading, readItems, type Write } from './write.ts'

/**
 * One `audit.k8s.io/v1` Event, reduced to what is needed: level Metadata has it all. The objects that the higher levels
 * carry are not in the schema, so they end here. Go writes an absent field as null in places.
 */
export const auditEvent = z.object({
  stage: z.string(),
  verb: z.string(),
  requestURI: z.string().default(''),
  userAgent: z.string().nullish(),
  objectRef: z
    .object({
      resource: z.string(),
      subresource: z.string().default(''),
      apiGroup: z.string().default(''),
      namespace: z.string().max(63).default(''),
      name: z.string().max(253).default(''),
    })
    .nullish(),
  responseStatus: z.object({ code: z.number().optional() }).nullish(),
})

type AuditEvent = z.infer<typeof auditEvent>

export const auditEventList = z.object({
  kind: z.literal('EventList'),
  apiVersion: z.literal('audit.k8s.io/v1'),
  items: z.array(z.unknown()).nullable(),
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

import * as z from 'zod/mini'
import type { KubeObject } from '../../cluster/port.ts'
import { MalformedError } from '../../handler/errors.ts'
import { issueText, parse } from '../../schema.ts'

const metadata = z.looseObject({ name: z.optional(z.string()), namespace: z.optional(z.string()) })
const object = z.looseObject({ metadata })

/** What the API server asks about (`admission.k8s.io/v1`). */
const review = z.object({
  kind: z.literal('AdmissionReview'),
  apiVersion: z.literal('admission.k8s.io/v1'),
  request: z.object({
    uid: z.string().check(z.minLength(1)),
    resource: z.object({ group: z._default(z.string(), ''), resource: z.string() }),
    subResource: z._default(z.string(), ''),
    namespace: z._default(z.string().check(z.maxLength(63)), ''),
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
    object: z.nullish(object),
    oldObject: z.nullish(object),
  }),
})

export interface AdmissionRequest {
  uid: string
  /** As in URLs, with the group where it has one: `pods`, `shadowpods.offloading.liqo.io`, `pods/status`. */
  resource: string
  namespace: string
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  /** Its name is empty where the API server has yet to make one from generateName. */
  object?: KubeObject
  oldObject?: KubeObject
}

/** @throws MalformedError naming the field, never a value */
export function toAdmissionRequest(body: unknown): AdmissionRequest {
  const parsed = parse(review, body)
  if (!parsed.success) throw new MalformedError(issueText(parsed.error))
  const { uid, resource, subResource, namespace, operation, object, oldObject } = parsed.data.request
  const group = resource.group === '' ? '' : `.${resource.group}`
  return {
    uid,
    resource: `${resource.resource}${group}${subResource === '' ? '' : `/${subResource}`}`,
    namespace,
    operation,
    ...(object && { object: placed(object, namespace) }),
    ...(oldObject && { oldObject: placed(oldObject, namespace) }),
  }
}

/** The object with the namespace of the request, which it may lack on creation. */
function placed(given: z.infer<typeof object>, namespace: string): KubeObject {
  const metadata = { ...given.metadata, name: given.metadata.name ?? '', namespace }
  return { ...given, metadata } as unknown as KubeObject
}

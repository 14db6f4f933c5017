import * as z from 'zod'
import type { KubeObject } from '../../cluster/port.ts'
import { issueText } from '../../event/write.ts'
import { MalformedError } from '../../handler/errors.ts'

const metadata = z.looseObject({ name: z.string().optional(), namespace: z.string().optional() })
const object = z.looseObject({ metadata })

/** What the API server asks about (`admission.k8s.io/v1`). */
const review = z.object({
  kind: z.literal('AdmissionReview'),
  apiVersion: z.literal('admission.k8s.io/v1'),
  request: z.object({
    uid: z.string().min(1),
    resource: z.object({ group: z.string().default(''), resource: z.string() }),
    subResource: z.string().default(''),
    namespace: z.string().max(63).default(''),
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
    object: object.nullish(),
    oldObject: object.nullish(),
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
  const parsed = review.safeParse(body)
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

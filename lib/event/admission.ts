import * as z from 'zod'
import { FIELD_MANAGER } from '../cluster/port.ts'
import { type Reading, readItems, type Write } from './write.ts'

/** The envelope that has to be right: without its uid there is no answer. */
export const admissionReview = z.object({
  kind: z.literal('AdmissionReview'),
  apiVersion: z.literal('admission.k8s.io/v1'),
  request: z.looseObject({ uid: z.string().min(1) }),
})

type AdmissionReview = z.infer<typeof admissionReview>

/** `request.object` is absent on purpose, and of `oldObject` only the metadata that say which version it was. */
const admissionRequest = z.object({
  resource: z.object({ group: z.string().default(''), resource: z.string() }),
  subResource: z.string().default(''),
  namespace: z.string().max(63).default(''),
  name: z.string().max(253).default(''),
  operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
  dryRun: z.boolean().nullish(),
  options: z.object({ fieldManager: z.string().nullish() }).nullish(),
  oldObject: z
    .object({
      metadata: z
        .object({
          name: z.string().max(253).nullish(),
          namespace: z.string().max(63).nullish(),
          resourceVersion: z.string().nullish(),
        })
        .nullish(),
    })
    .nullish(),
})

type AdmissionRequest = z.infer<typeof admissionRequest>

/**
 * A review to at most one write, marked `admitted`: it comes before the commit, which may still fail. A CREATE with
 * generateName has no name in a mutating webhook; a validating one is told the generated name.
 */
export function readAdmission({ request }: AdmissionReview): Reading {
  return readItems([request], admissionRequest, admissionWrite, () => 'request')
}

function admissionWrite({ operation, dryRun, ...request }: AdmissionRequest): Write | undefined {
  if (operation === 'CONNECT' || dryRun) return undefined
  const old = request.oldObject?.metadata
  return {
    group: request.resource.group,
    plural: request.resource.resource,
    subresource: request.subResource,
    namespace: request.namespace || (old?.namespace ?? ''),
    name: request.name || (old?.name ?? ''),
    // Deletes carry no field manager: our own come back once and find nothing to do.
    own: request.options?.fieldManager === FIELD_MANAGER,
    admitted: { operation, ...(old?.resourceVersion && { resourceVersion: old.resourceVersion }) },
  }
}

/** The answer: always allowed, for this webhook only listens. */
export function allowed(uid: string) {
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } } as const
}

import * as z from 'zod/mini'
import { FIELD_MANAGER } from '../cluster/port.ts'
import { type Reading, readItems, type Write } from './write.ts'

/** The envelope that has to be right: without its uid there is no answer. */
export const admissionReview = z.object({
  kind: z.literal('AdmissionReview'),
  apiVersion: z.literal('admission.k8s.io/v1'),
  request: z.looseObject({ uid: z.string().check(z.minLength(1)) }),
})

type AdmissionReview = z.infer<typeof admissionReview>

/** `request.object` is absent on purpose, and of `oldObject` only the metadata that say which version it was. */
const admissionRequest = z.object({
  resource: z.object({ group: z._default(z.string(), ''), resource: z.string() }),
  subResource: z._default(z.string(), ''),
  namespace: z._default(z.string().check(z.maxLength(63)), ''),
  name: z._default(z.string().check(z.maxLength(253)), ''),
  operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
  dryRun: z.nullish(z.boolean()),
  options: z.nullish(z.object({ fieldManager: z.nullish(z.string()) })),
  oldObject: z.nullish(
    z.object({
      metadata: z.nullish(
        z.object({
          name: z.nullish(z.string().check(z.maxLength(253))),
          namespace: z.nullish(z.string().check(z.maxLength(63))),
          resourceVersion: z.nullish(z.string()),
        }),
      ),
    }),
  ),
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

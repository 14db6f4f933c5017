import type { Answer } from '../namespace/validate.ts'

/** New values of fields of the reviewed object's spec, e.g. `{ tolerations: […] }`. */
export type SpecFields = Readonly<Record<string, unknown>>

/** What is decided on a request: let it pass as it is, refuse it, or change it on the way. */
export interface Decision extends Answer {
  fields?: SpecFields
}

export const PASS: Decision = { allowed: true, code: 200 }

/** @param message says what is wrong and how to mend it: the user sees it */
export function denied(message: string, code = 403, reason = 'Forbidden'): Decision {
  return { allowed: false, code, reason, message }
}

/** Passes with these fields; with none, as it is. */
export function changed(fields: SpecFields): Decision {
  return Object.keys(fields).length === 0 ? PASS : { ...PASS, fields }
}

/**
 * The AdmissionReview (v1) that answers a request. A patch sets whole fields of the spec: `add` on a member that is
 * there replaces it (RFC 6902, 4.1).
 */
export function toReview(uid: string, { allowed, code, reason, message, warnings, fields }: Decision) {
  const patch = Object.entries(fields ?? {}).map(([field, value]) => ({ op: 'add', path: `/spec/${field}`, value }))
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(!allowed && { status: { code, reason, message } }),
      ...(warnings && { warnings }),
      ...(patch.length > 0 && { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }),
    },
  } as const
}

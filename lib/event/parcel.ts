import type * as z from 'zod/mini'
import { parseJson } from '../handler/bytes.ts'
import { MalformedError, MediaTypeError, TooLargeError } from '../handler/errors.ts'
import { bodyOf, contentTypeOf, type HttpRequest, lookUp } from '../handler/http.ts'
import { issueText, parse } from '../schema.ts'
import { admissionReview, readAdmission } from './admission.ts'
import { auditEventList, readAudit } from './audit.ts'
import { cloudEventBatch, readBinaryCloudEvent, readCloudEvents } from './cloudevent.ts'
import type { Parcel, Reading } from './write.ts'

const MAX_BYTES = 5 * 1024 * 1024
const MAX_ITEMS = 5000

/**
 * Reads a body by its form: content type, then `kind`. A binary CloudEvent is told by its headers, its body is left
 * unread.
 * @throws MediaTypeError, TooLargeError (5 MB decoded, 5,000 items), MalformedError for an envelope; a single item of a
 *   list that cannot be read is in `unreadable`
 */
export async function readParcel(request: HttpRequest): Promise<Parcel> {
  const form = request.headers['ce-specversion'] === undefined ? contentTypeOf(request) : 'binary'
  const read = lookUp(READERS, form)
  if (!read) throw new MediaTypeError(`content-type: expected ${CONTENT_TYPES.join(', ')}`)
  return read(request)
}

const READERS: Readonly<Record<string, (request: HttpRequest) => Parcel | Promise<Parcel>>> = {
  'application/json': async (request) => readKubernetes(await jsonOf(request)),
  'application/cloudevents+json': async (request) =>
    cloudEvents(single(readCloudEvents([await jsonOf(request)], () => ''))),
  'application/cloudevents-batch+json': async (request) =>
    cloudEvents(readCloudEvents(fewEnough(valid(cloudEventBatch, await jsonOf(request))))),
  binary: (request) => cloudEvents(single(readBinaryCloudEvent(request.headers))),
}

const CONTENT_TYPES = Object.keys(READERS).filter((name) => name.includes('/'))

const KINDS: Readonly<Record<string, (body: unknown) => Parcel>> = {
  EventList: (body) => {
    const list = valid(auditEventList, body)
    fewEnough(list.items ?? [])
    return { form: 'audit', ...readAudit(list) }
  },
  AdmissionReview: (body) => {
    const review = valid(admissionReview, body)
    return { form: 'admission', review: review.request.uid, ...readAdmission(review) }
  },
}

function readKubernetes(body: unknown): Parcel {
  const read = lookUp(KINDS, String((body as { kind?: unknown } | null)?.kind))
  if (!read) {
    throw new MalformedError('kind: expected EventList (audit.k8s.io/v1) or AdmissionReview (admission.k8s.io/v1)')
  }
  return read(body)
}

function cloudEvents(reading: Reading): Parcel {
  return { form: 'cloudevents', ...reading }
}

/** Where the item is all there is, the sender hears what is wrong with it. */
function single(reading: Reading): Reading {
  if (reading.unreadable[0] !== undefined) throw new MalformedError(reading.unreadable[0])
  return reading
}

async function jsonOf(request: HttpRequest): Promise<unknown> {
  return parseJson(await bodyOf(request, MAX_BYTES))
}

function valid<T>(schema: z.ZodMiniType<T>, value: unknown): T {
  const parsed = parse(schema, value)
  if (!parsed.success) throw new MalformedError(issueText(parsed.error))
  return parsed.data
}

function fewEnough<T>(items: T[]): T[] {
  if (items.length > MAX_ITEMS) throw new TooLargeError(`items: expected at most ${MAX_ITEMS}`)
  return items
}

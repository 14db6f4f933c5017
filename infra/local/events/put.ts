import { randomUUID } from 'node:crypto'
import { type BusEvent, eventTime, type Place } from './event.ts'

/** Of one PutEvents call: entries, and bytes of all of them together. */
export const MAX_ENTRIES = 10
export const MAX_BYTES = 1024 * 1024

/** An entry as the SDK sends it; `Time` in epoch seconds, `EventBusName` a name or an ARN. */
export interface PutEntry {
  Source?: string
  DetailType?: string
  Detail?: string
  EventBusName?: string
  Resources?: string[]
  Time?: number
  TraceHeader?: string
}

export type PutResult = { EventId: string } | { ErrorCode: string; ErrorMessage: string }

/** The whole call is refused, nothing of it was accepted. */
export class ValidationError extends Error {
  override name = 'ValidationException'
}

/**
 * The entries of a PutEvents body.
 * @throws ValidationError in AWS's words: none, too many, or too large together
 */
export function parsePut(body: unknown): PutEntry[] {
  const entries = (body as { Entries?: unknown } | null)?.Entries
  if (!Array.isArray(entries)) throw invalid(`Value at 'entries' failed to satisfy constraint: Member must not be null`)
  if (entries.length < 1) throw invalid(bound('greater', 1))
  if (entries.length > MAX_ENTRIES) throw invalid(bound('less', MAX_ENTRIES))
  const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0)
  if (bytes > MAX_BYTES) throw new ValidationError('Total size of the entries in the request is over the limit.')
  return entries
}

const invalid = (what: string) => new ValidationError(`1 validation error detected: ${what}`)
const bound = (side: string, n: number) =>
  `Value at 'entries' failed to satisfy constraint: Member must have length ${side} than or equal to ${n}`

/** AWS's own measure: 14 bytes for a time, and the UTF-8 bytes of the texts. */
export function entryBytes({ Time, Source, DetailType, Detail, Resources }: PutEntry): number {
  const texts = [Source, DetailType, Detail, ...(Array.isArray(Resources) ? Resources : [])]
  return texts.reduce((sum, text) => sum + (text ? Buffer.byteLength(text) : 0), Time === undefined ? 0 : 14)
}

/** The event of an entry, or the error that AWS puts in its place. `now` in epoch ms. */
export function toEvent(entry: PutEntry, { account, region }: Place, now: number): BusEvent | PutResult {
  for (const name of ['Source', 'DetailType', 'Detail'] as const) {
    if (entry[name]) continue
    const reason = `Parameter ${name} is not valid. Reason: ${name} is a required argument.`
    return { ErrorCode: 'InvalidArgument', ErrorMessage: reason }
  }
  const { Source = '', DetailType = '', Detail = '', Resources, Time } = entry
  if (Source.startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' }
  }
  const detail = jsonObject(Detail)
  if (!detail) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' }
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': DetailType,
    source: Source,
    account,
    time: eventTime(Time === undefined ? now : Time * 1000),
    region,
    resources: Resources ?? [],
    detail,
  }
}

function jsonObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

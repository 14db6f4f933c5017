import * as z from 'zod/mini'
import { atMost, gunzipped } from './bytes.ts'
import { MalformedError, MediaTypeError, MethodError } from './errors.ts'

/** Payload format 2.0 of an HTTP API or a Function URL; header names arrive in lower case, cookies apart. */
const payload = z.object({
  rawPath: z._default(z.string(), '/'),
  requestContext: z.object({ http: z.object({ method: z.string() }) }),
  headers: z._default(z.record(z.string(), z.string()), {}),
  body: z.nullish(z.string()),
  isBase64Encoded: z._default(z.boolean(), false),
})

export interface HttpRequest {
  method: string
  path: string
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  /** As it arrived: perhaps base64, perhaps compressed. `bodyOf` reads it. */
  raw: { text: string; base64: boolean }
}

export interface HttpResponse {
  statusCode: number
  headers: Record<string, string>
  body: string
}

/** @throws MalformedError when the platform's payload has another form */
export function toRequest(event: unknown): HttpRequest {
  const parsed = payload.safeParse(event)
  if (!parsed.success) throw new MalformedError('event: expected HTTP payload format 2.0')
  const { rawPath, requestContext, headers, body, isBase64Encoded } = parsed.data
  return {
    method: requestContext.http.method,
    path: rawPath,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    raw: { text: body ?? '', base64: isBase64Encoded },
  }
}

/** @throws MethodError unless it is a POST */
export function requirePost({ method }: HttpRequest): void {
  if (method !== 'POST') throw new MethodError()
}

/** `application/json; charset=utf-8` to `application/json`; empty without the header. */
export function contentTypeOf({ headers }: HttpRequest): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
}

const DECODERS: Readonly<Record<string, (data: Buffer, most: number) => Buffer | Promise<Buffer>>> = {
  '': atMost,
  identity: atMost,
  gzip: gunzipped,
}

/**
 * The bytes of the body, decoded.
 * @param most bytes, before and after decompression
 * @throws TooLargeError, MediaTypeError (an encoding other than gzip), MalformedError
 */
export async function bodyOf({ headers, raw }: HttpRequest, most: number): Promise<Buffer> {
  const decode = lookUp(DECODERS, (headers['content-encoding'] ?? '').trim().toLowerCase())
  if (!decode) throw new MediaTypeError('content-encoding: expected gzip or none')
  const data = Buffer.from(raw.text, raw.base64 ? 'base64' : 'utf8')
  return decode(atMost(data, most), most)
}

/** A row of a table by a name that comes from outside: `constructor` and the like are no rows. */
export function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

export function toResponse(
  statusCode: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return { statusCode, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
}

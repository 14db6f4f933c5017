import type { OutgoingHttpHeaders } from 'node:http'

/** What goes back to the caller. */
export interface HttpAnswer {
  status: number
  headers: OutgoingHttpHeaders
  body: Buffer
}

/** Where requests come in: the two differ in how they tell of their own errors. */
export type FrontKind = 'url' | 'httpApi'

const json = (status: number, body: unknown): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify(body)),
})

/** Errors that the platform itself answers with. */
export const platformAnswer = {
  functionError: (kind: FrontKind): HttpAnswer =>
    kind === 'httpApi'
      ? json(500, { message: 'Internal Server Error' })
      : { status: 502, headers: { 'content-type': 'text/plain' }, body: Buffer.from('Internal Server Error') },
  tooLarge: (kind: FrontKind): HttpAnswer =>
    json(413, kind === 'httpApi' ? { message: 'Request Entity Too Large' } : { Message: 'Request Entity Too Large' }),
  notFound: (): HttpAnswer => json(404, { message: 'Not Found' }),
  throttled: (): HttpAnswer => json(429, { Message: 'Too Many Requests' }),
  unavailable: (): HttpAnswer => json(503, { message: 'Service Unavailable' }),
}

/**
 * The function's return value as an answer, by the rules of payload format 2.0: an object with `statusCode` says it
 * all, anything else is the body of a 200.
 * @param payload JSON text
 */
export function toAnswer(payload: string, kind: FrontKind): HttpAnswer {
  const value = parsed(payload)
  // Only a streamed response is no JSON, and of a function whose URL does not stream.
  if (value === undefined) return platformAnswer.functionError(kind)
  if (!hasStatus(value)) {
    const text = typeof value === 'string' ? value : payload
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(text) }
  }
  const { statusCode, headers = {}, body = '', cookies, isBase64Encoded } = value
  const status = Number(statusCode)
  if (!Number.isInteger(status) || status < 200 || status > 599 || typeof body !== 'string') {
    return platformAnswer.functionError(kind)
  }
  const named = Object.entries(headers).map(([name, text]) => [name.toLowerCase(), String(text)])
  return {
    status,
    headers: {
      'content-type': 'application/json',
      ...Object.fromEntries(named),
      ...(cookies && { 'set-cookie': cookies }),
    },
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

interface Structured {
  statusCode: unknown
  headers?: Record<string, unknown>
  body?: unknown
  cookies?: string[]
  isBase64Encoded?: boolean
}

const hasStatus = (value: unknown): value is Structured =>
  typeof value === 'object' && value !== null && 'statusCode' in value

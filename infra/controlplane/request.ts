/** One HTTPS request to an API server, for the readiness checks and tests of the local control planes. */
import { request } from 'node:https'

/** Where and as whom to call: a client certificate, a bearer token or neither (anonymous). */
export interface Access {
  /** `https://host:port` */
  server: string
  caPem: string
  certPem?: string
  keyPem?: string
  token?: string
}

export interface CallOptions {
  method?: string
  /** Sent as JSON unless it is a string already. */
  body?: unknown
  contentType?: string
  headers?: Record<string, string>
  timeoutMs?: number
}

/** `body` is the parsed JSON, or the text where it is no JSON (as of /readyz). */
export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: the shape is that of whatever object was asked for
  body: any
}

/** Any HTTP status is an answer. @throws on a failed connection or after `timeoutMs` (10,000) without an answer. */
export const call = (access: Access, path: string, options: CallOptions = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { method = 'GET', body, contentType = 'application/json', headers = {}, timeoutMs = 10_000 } = options
    const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const req = request(
      new URL(path, access.server),
      {
        method,
        agent: false,
        ca: access.caPem,
        cert: access.certPem,
        key: access.keyPem,
        headers: {
          accept: 'application/json',
          // Without its length Node sends the body of a DELETE unannounced, and the preconditions in it go unread.
          ...(payload === undefined
            ? {}
            : { 'content-type': contentType, 'content-length': Buffer.byteLength(payload) }),
          ...(access.token ? { authorization: `Bearer ${access.token}` } : {}),
          ...headers,
        },
      },
      (res) => {
        let text = ''
        res.setEncoding('utf8')
        res.on('data', (chunk: string) => {
          text += chunk
        })
        res.on('error', reject)
        res.on('end', () => resolve({ status: res.statusCode ?? 0, body: parse(text) }))
      },
    )
    req.setTimeout(timeoutMs, () => req.destroy(new Error(`${method} ${path}: no answer within ${timeoutMs} ms`)))
    req.on('error', reject)
    req.end(payload)
  })

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

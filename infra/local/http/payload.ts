import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'

/** What of the front's own identity is in the payload. */
export interface Front {
  /** Account number; `anonymous` for a Function URL that is open to all. */
  account: string
  domain: string
  /** `$default`, or the route's `POST /path`. */
  routeKey: string
}

const TEXT = /^(text\/.*|application\/(json|javascript|xml|.*\+json|.*\+xml))$/

/** A request as API Gateway and Function URLs hand it to a function, payload format 2.0. */
export function toPayload(request: IncomingMessage, body: Buffer, front: Front) {
  const { pathname, search, searchParams } = new URL(request.url ?? '/', 'https://local')
  const { cookie, ...headers } = joined(request.headers)
  const now = new Date()
  const asText = isText(request.headers)
  return {
    version: '2.0',
    routeKey: front.routeKey,
    rawPath: pathname,
    rawQueryString: search.slice(1),
    ...(cookie && { cookies: cookie.split('; ') }),
    headers: { ...headers, 'x-forwarded-proto': 'https', 'x-forwarded-for': request.socket.remoteAddress ?? '' },
    ...(search && { queryStringParameters: query(searchParams) }),
    requestContext: {
      ...authentication(request),
      accountId: front.account,
      apiId: front.domain.split('.')[0] ?? '',
      domainName: front.domain,
      domainPrefix: front.domain.split('.')[0] ?? '',
      http: {
        method: request.method ?? 'GET',
        path: pathname,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: front.routeKey,
      stage: '$default',
      time: clf(now),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 && { body: asText ? body.toString() : body.toString('base64') }),
    isBase64Encoded: body.length > 0 && !asText,
  }
}

export type HttpPayload = ReturnType<typeof toPayload>

/** Who calls over mutual TLS, in API Gateway's words; Function URLs of AWS ask for no certificate. */
function authentication({ socket }: IncomingMessage) {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  if (!certificate) return {}
  const { subject, issuer, serialNumber, validFrom: notBefore, validTo: notAfter } = certificate
  const [subjectDN, issuerDN] = [subject, issuer].map((name) => name.split('\n').join(','))
  const validity = { notBefore, notAfter }
  return {
    authentication: {
      clientCert: { clientCertPem: certificate.toString(), subjectDN, issuerDN, serialNumber, validity },
    },
  }
}

/** Several values of one header become one, separated by commas. Names are in lower case already. */
const joined = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(',')]))

function query(parameters: URLSearchParams): Record<string, string> {
  const keys = [...new Set(parameters.keys())]
  return Object.fromEntries(keys.map((key) => [key, parameters.getAll(key).join(',')]))
}

function isText(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
  return !headers['content-encoding'] && TEXT.test(type)
}

/** `23/Nov/2026:14:30:05 +0000` */
function clf(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(' ')
  return `${day}/${month}/${year}:${time} +0000`
}

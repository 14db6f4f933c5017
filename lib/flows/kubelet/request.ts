import * as z from 'zod/mini'
import { MalformedError } from '../../handler/errors.ts'

/** What a front hands over of a call to the kubelet's API. */
export interface KubeletRequest {
  method: string
  path: string
  query: URLSearchParams
  /** PEM of the caller's certificate, where the front asked for one. */
  certificate?: string | undefined
}

const clientCert = z.nullish(z.object({ clientCertPem: z.string() }))

/** Payload format 1.0: a REST API, the only one of API Gateway that streams responses. */
const first = z.object({
  httpMethod: z.string(),
  path: z.string(),
  multiValueQueryStringParameters: z.nullish(z.record(z.string(), z.array(z.string()))),
  requestContext: z.object({ identity: z.object({ clientCert }) }),
})

/** Payload format 2.0: the local front, and a Function URL, which tells of no certificate. */
const second = z.object({
  rawPath: z.string(),
  rawQueryString: z._default(z.string(), ''),
  requestContext: z.object({
    http: z.object({ method: z.string() }),
    authentication: z.nullish(z.object({ clientCert })),
  }),
})

/** @throws MalformedError when the front's payload has another form */
export function toKubeletRequest(event: unknown): KubeletRequest {
  const one = first.safeParse(event)
  if (one.success) {
    const { httpMethod: method, path, multiValueQueryStringParameters, requestContext } = one.data
    const pairs = Object.entries(multiValueQueryStringParameters ?? {})
    const query = new URLSearchParams(
      pairs.flatMap(([name, values]) => values.map((value): [string, string] => [name, value])),
    )
    return { method, path, query, certificate: requestContext.identity.clientCert?.clientCertPem }
  }
  const two = second.safeParse(event)
  if (!two.success) throw new MalformedError('event: expected HTTP payload format 1.0 or 2.0')
  const { rawPath: path, rawQueryString, requestContext } = two.data
  const certificate = requestContext.authentication?.clientCert?.clientCertPem
  return { method: requestContext.http.method, path, query: new URLSearchParams(rawQueryString), certificate }
}

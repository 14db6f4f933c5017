import http from 'node:http'
import https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { hostOf } from './host.ts'
import type { AwsKeys, AwsService } from './settings.ts'
import { ALGORITHM, credentialScope, signatureOf, signedHeaders, toAmzDate } from './signature.ts'

/** What a service answers instead of a result. */
export class AwsCallError extends Error {
  /** e.g. `AccessDeniedException`; of a connection, its code, e.g. `ECONNREFUSED`. */
  readonly code: string
  /** Whether the service may answer another time; otherwise it has refused the call for good. */
  readonly passing: boolean

  constructor(code: string, message: string, passing: boolean) {
    super(message)
    this.name = new.target.name
    this.code = code
    this.passing = passing
  }
}

export interface AwsCall {
  service: AwsService
  /** e.g. `secretsmanager.GetSecretValue` */
  target: string
  input: Readonly<Record<string, unknown>>
  region: string
  keys: AwsKeys
  /** Instead of the service's own. */
  endpoint?: string | undefined
}

/** For one try, ms; the services answer in some 10. */
const TRY_MS = 2000
/** Before each further try, ms. */
const PAUSES = [100, 400]

/**
 * One call of a service that speaks JSON 1.1, signed. The SDK's client of each would bring 250 KB into every function.
 * @throws AwsCallError once the tries are used up
 */
export async function awsCall(call: AwsCall): Promise<unknown> {
  for (const pause of PAUSES) {
    try {
      return await once(call)
    } catch (error) {
      if (!(error as AwsCallError).passing) throw error
      await sleep(pause)
    }
  }
  return once(call)
}

async function once({ service, target, input, region, keys, endpoint }: AwsCall): Promise<unknown> {
  const url = new URL(endpoint ?? `https://${hostOf(service, region)}`)
  const scope = { date: toAmzDate(Date.now()), region, service }
  const body = JSON.stringify(input)
  const headers = {
    host: url.host,
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-date': scope.date,
    'x-amz-target': target,
    ...(keys.sessionToken !== undefined && { 'x-amz-security-token': keys.sessionToken }),
  }
  const signature = signatureOf({ method: 'POST', path: '/', query: {}, headers, body }, scope, keys.secretAccessKey)
  const credential = `Credential=${keys.accessKeyId}/${credentialScope(scope)}`
  const authorization = `${ALGORITHM} ${credential}, SignedHeaders=${signedHeaders({ headers })}, Signature=${signature}`
  const { status, text } = await post(url, { ...headers, authorization }, body)
  const answer = parsed(text)
  if (status === 200 && answer !== undefined) return answer
  throw failureOf(status, answer ?? {})
}

interface Failure {
  __type?: unknown
  message?: unknown
  Message?: unknown
}

function failureOf(status: number, { __type, message, Message }: Failure): AwsCallError {
  const code = String(__type ?? `HTTP ${status}`).replace(/^.*#/, '')
  const passing = status === 200 || status === 429 || status >= 500 || /^(Throttling|RequestLimit|TooMany)/.test(code)
  return new AwsCallError(code, String(message ?? Message ?? ''), passing)
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function post(url: URL, headers: Record<string, string>, body: string): Promise<{ status: number; text: string }> {
  const { request } = url.protocol === 'http:' ? http : https
  return new Promise((done, fail) => {
    const failed = (error: NodeJS.ErrnoException) => fail(new AwsCallError(error.code ?? error.name, '', true))
    const signal = AbortSignal.timeout(TRY_MS)
    const sent = request(url, { method: 'POST', headers, signal }, async (response) => {
      try {
        const text = Buffer.concat(await response.toArray()).toString()
        done({ status: response.statusCode ?? 0, text })
      } catch (error) {
        failed(error as NodeJS.ErrnoException)
      }
    })
    sent.on('error', failed).end(body)
  })
}

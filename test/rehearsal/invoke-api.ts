import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Invocation } from '../../infra/local/runtime/outcome.ts'
import { ThrottledError } from '../../infra/local/runtime/pool.ts'

/** What runs functions, by their names on AWS. */
export interface Invoker {
  has(fullName: string): boolean
  /** @throws ThrottledError */
  now(fullName: string, payload: string): Promise<Invocation>
  /** Takes an event to deliver it, with all retries. @param source ARN of the rule that sends; absent for other callers */
  later(fullName: string, payload: string, source: string | undefined): void
}

export interface InvokeApi {
  url: string
  /** From now on; before, no function is found. */
  serve(invoker: Invoker): void
  close(): void
}

const PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/

/** Lambda's Invoke on a free loopback port: what moto hands on. */
export async function startInvokeApi(): Promise<InvokeApi> {
  let invoker: Invoker | undefined
  const server = createServer({ noDelay: true }, async (request, response) => {
    const name = decodeURIComponent(PATH.exec(request.url ?? '')?.[1] ?? '')
    if (!invoker?.has(name)) return refuse(response, 404, 'ResourceNotFoundException', `Function not found: ${name}`)
    const { 'x-amz-invocation-type': type, 'x-amz-source-arn': source } = request.headers
    const payload = (await text(request)) || '{}'
    if (type === 'Event') {
      invoker.later(name, payload, source?.toString())
      return answer(response, 202, '')
    }
    try {
      const { payload: result, functionError } = await invoker.now(name, payload)
      answer(response, 200, result, functionError && { 'x-amz-function-error': functionError })
    } catch (error) {
      if (error instanceof ThrottledError) refuse(response, 429, error.name, error.message)
      else refuse(response, 500, 'ServiceException', `${error}`)
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve(given) {
      invoker = given
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function refuse(response: ServerResponse, status: number, type: string, Message: string): void {
  answer(response, status, JSON.stringify({ Message }), { 'x-amzn-errortype': type })
}

function answer(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID(), ...headers })
  response.end(body)
}

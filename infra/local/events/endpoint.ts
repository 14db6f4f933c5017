import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Bus } from './bus.ts'
import { MAX_BYTES, parsePut, ValidationError } from './put.ts'

/** JSON escapes at most six bytes for one, so that a body beyond this cannot be a valid call. */
const MAX_BODY = 6 * MAX_BYTES + 65_536

export interface EventsEndpoint {
  /** For AWS_ENDPOINT_URL. */
  url: string
  close(): void
}

/** Speaks EventBridge's PutEvents (AWS JSON 1.1) on a free loopback port. Signatures are not looked at. */
export async function startEventsEndpoint(bus: Bus): Promise<EventsEndpoint> {
  const server = createServer({ noDelay: true }, async (request, response) => {
    const target = request.headers['x-amz-target']
    if (target !== 'AWSEvents.PutEvents') {
      return refuse(response, 'UnknownOperationException', `Not served locally: ${target ?? 'no X-Amz-Target'}`)
    }
    try {
      const results = bus.put(parsePut(JSON.parse(await text(request))))
      const failed = results.filter((result) => 'ErrorCode' in result).length
      answer(response, 200, { FailedEntryCount: failed, Entries: results })
    } catch (error) {
      if (error instanceof ValidationError) refuse(response, error.name, error.message)
      else refuse(response, 'SerializationException', `${error instanceof Error ? error.message : error}`)
    }
  })
  // The clients keep their connections for as long as their sandbox lives.
  server.keepAliveTimeout = 0
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY) throw new ValidationError('Total size of the entries in the request is over the limit.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function refuse(response: ServerResponse, type: string, message: string): void {
  answer(response, 400, { __type: type, message })
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body))
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() }
  response.writeHead(status, { ...headers, 'content-length': bytes.length }).end(bytes)
}

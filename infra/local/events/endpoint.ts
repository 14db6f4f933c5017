import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { QueueError } from '../queues/calls.ts'
import type { Bus } from './bus.ts'
import { MAX_BYTES, parsePut, ValidationError } from './put.ts'

/** JSON escapes at most six bytes for one, so that a body beyond this cannot be a valid call. */
const MAX_BODY = 6 * MAX_BYTES + 65_536

export interface EventsEndpoint {
  /** For AWS_ENDPOINT_URL. */
  url: string
  close(): void
}

/** What answers a call, by its name in `x-amz-target`. @throws ValidationError, QueueError */
export type Calls = Readonly<Record<string, (body: unknown) => unknown>>

/**
 * Speaks AWS JSON on a free loopback port: EventBridge's PutEvents, and `more`. Signatures are not looked at.
 */
export async function startEventsEndpoint(bus: Bus, more: Calls = {}): Promise<EventsEndpoint> {
  const calls: Calls = { ...more, 'AWSEvents.PutEvents': (body) => putEvents(bus, body) }
  const server = createServer({ noDelay: true }, async (request, response) => {
    const target = String(request.headers['x-amz-target'] ?? 'no X-Amz-Target')
    const call = Object.hasOwn(calls, target) ? calls[target] : undefined
    if (!call) return refuse(response, 'UnknownOperationException', `Not served locally: ${target}`)
    try {
      answer(response, 200, call(JSON.parse(await text(request))))
    } catch (error) {
      if (error instanceof ValidationError || error instanceof QueueError) refuse(response, error.name, error.message)
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

function putEvents(bus: Bus, body: unknown) {
  const results = bus.put(parsePut(body))
  return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results }
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

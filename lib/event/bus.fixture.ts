import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ChangeEvent } from './change.ts'

interface Entry {
  Source: string
  DetailType: string
  Detail: string
  EventBusName: string
}

/** How the bus answers one call. */
type Answer = (bus: Bus, entries: Entry[], response: ServerResponse) => void

/** A server on loopback that speaks PutEvents as AWS JSON 1.1. Without a plan it takes everything. */
export class Bus {
  /** Entries of every call, taken or not. */
  calls: Entry[][] = []
  /** Details of the entries that were taken. */
  taken: ChangeEvent[] = []
  /** Answers to the next calls, in order. */
  plan: Answer[] = []
  /** Most calls that were open at a time. */
  mostOpen = 0
  readonly #server: Server
  #open = 0

  constructor() {
    this.#server = createServer(async (request, response) => {
      this.mostOpen = Math.max(this.mostOpen, ++this.#open)
      response.once('close', () => this.#open--)
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      if (request.headers['x-amz-target'] !== 'AWSEvents.PutEvents') return send(response, 404, {})
      const entries: Entry[] = JSON.parse(Buffer.concat(chunks).toString()).Entries
      this.calls.push(entries)
      const answer = this.plan.shift() ?? takeAll
      answer(this, entries, response)
    })
  }

  /** Listens, and becomes the endpoint of every SDK client made from now on. */
  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    })
  }

  clear(): void {
    this.calls = []
    this.taken = []
    this.plan = []
    this.mostOpen = 0
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}

/** Refuses the entries that `codeOf` has a code for, and takes the others. */
export function takeExcept(codeOf: (change: ChangeEvent) => string | undefined): Answer {
  return (bus, entries, response) => {
    const results = entries.map(({ Detail }) => {
      const change: ChangeEvent = JSON.parse(Detail)
      const ErrorCode = codeOf(change)
      if (ErrorCode) return { ErrorCode, ErrorMessage: `refused ${Detail}` }
      bus.taken.push(change)
      return { EventId: crypto.randomUUID() }
    })
    send(response, 200, { FailedEntryCount: results.filter((one) => 'ErrorCode' in one).length, Entries: results })
  }
}

const takeAll = takeExcept(() => undefined)

/** Refuses the whole call, e.g. `refuse(400, 'ThrottlingException')`. */
export function refuse(status: number, code: string): Answer {
  return (_bus, entries, response) => send(response, status, { __type: code, message: `refused ${entries[0]?.Detail}` })
}

/** Never answers. */
export const hang: Answer = () => {}

/** Answers after some milliseconds. */
export function after(ms: number): Answer {
  return (bus, entries, response) => setTimeout(() => takeAll(bus, entries, response), ms)
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
}

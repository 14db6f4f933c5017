import { setTimeout as sleep } from 'node:timers/promises'
import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge'
import { type ChangeEvent, DETAIL_TYPE, EVENT_SOURCE } from './change.ts'

/** Entries that are not on the bus although all was tried; the sender has to repeat, or the sweep finds out. */
export class PublishError extends Error {
  readonly retry = true
  readonly failed: number
  readonly total: number

  /** @param codes error codes of the bus, e.g. `ThrottlingException` */
  constructor(failed: number, total: number, codes: readonly string[], options?: ErrorOptions) {
    super(`${failed} of ${total} events could not be put on the bus: ${codes.join(', ')}`, options)
    this.name = new.target.name
    this.failed = failed
    this.total = total
  }
}

/** @throws PublishError when any of them could not be put within `limitMs` */
export type Publish = (changes: readonly ChangeEvent[], limitMs: number) => Promise<void>

/** The bus takes 10 entries a call, and 1 MB (256 KB until 2026): the smaller bound holds everywhere. */
const MAX_ENTRIES = 10
const MAX_BYTES = 256 * 1024
/** Calls in flight. */
const CONCURRENCY = 8
const ATTEMPTS = 5
/** A call that takes longer is given up and repeated; the bus answers in some 20 ms. */
const CALL_MS = 2000
const FIRST_PAUSE_MS = 50

let shared: EventBridgeClient | undefined

/**
 * One client a container. Region, credentials and AWS_ENDPOINT_URL come from the environment, read by the SDK at the
 * first call. One attempt a call, since the loop here repeats whole calls and single entries alike.
 */
function sharedClient(): EventBridgeClient {
  shared ??= new EventBridgeClient({ maxAttempts: 1 })
  return shared
}

/** @param busName name or ARN */
export function publisher(busName: string): Publish {
  return async (changes, limitMs) => {
    const deadline = AbortSignal.timeout(limitMs)
    const batches = toBatches(changes.map((change) => toEntry(busName, change))).values()
    const left: Left[] = []
    const worker = async () => {
      for (const batch of batches) left.push(await putBatch(batch, deadline))
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, worker))
    const failed = left.reduce((sum, { entries }) => sum + entries.length, 0)
    if (failed > 0) {
      const codes = [...new Set(left.flatMap((one) => one.codes))]
      throw new PublishError(failed, changes.length, codes, { cause: left.find((one) => one.cause)?.cause })
    }
  }
}

function toEntry(EventBusName: string, change: ChangeEvent): PutEventsRequestEntry {
  return { EventBusName, Source: EVENT_SOURCE, DetailType: DETAIL_TYPE, Detail: JSON.stringify(change) }
}

/** Greedy, in order: at most 10 entries and 256 KB each. */
export function toBatches(entries: readonly PutEventsRequestEntry[]): PutEventsRequestEntry[][] {
  const batches: PutEventsRequestEntry[][] = []
  let bytes = 0
  for (const entry of entries) {
    const size = sizeOf(entry)
    const last = batches.at(-1)
    if (last && last.length < MAX_ENTRIES && bytes + size <= MAX_BYTES) {
      last.push(entry)
      bytes += size
    } else {
      batches.push([entry])
      bytes = size
    }
  }
  return batches
}

/** Bytes as the bus counts them; an entry with Time would have 14 more. */
function sizeOf({ Source = '', DetailType = '', Detail = '' }: PutEventsRequestEntry): number {
  return Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail)
}

/** Entries not put, why, and whether another try may help. */
interface Left {
  entries: PutEventsRequestEntry[]
  codes: string[]
  repeat: boolean
  cause?: unknown
}

async function putBatch(entries: PutEventsRequestEntry[], deadline: AbortSignal): Promise<Left> {
  let left = await putOnce(entries, deadline)
  for (let attempt = 1; left.repeat && attempt < ATTEMPTS && !deadline.aborted; attempt++) {
    // Full jitter: containers throttled together do not come back together.
    const pause = Math.random() * FIRST_PAUSE_MS * 2 ** attempt
    const woken = await sleep(pause, true, { signal: deadline }).catch(() => false)
    if (woken) left = await putOnce(left.entries, deadline)
  }
  return left
}

async function putOnce(entries: PutEventsRequestEntry[], deadline: AbortSignal): Promise<Left> {
  try {
    const abortSignal = AbortSignal.any([deadline, AbortSignal.timeout(CALL_MS)])
    const { FailedEntryCount = 0, Entries = [] } = await sharedClient().send(
      new PutEventsCommand({ Entries: entries }),
      {
        abortSignal,
      },
    )
    if (FailedEntryCount === 0) return { entries: [], codes: [], repeat: false }
    // Results come in the order of the entries; one that lacks its result counts as failed.
    const failed = entries.filter((_, index) => Entries[index]?.EventId === undefined)
    const codes = Entries.flatMap(({ ErrorCode }) => ErrorCode ?? [])
    return { entries: failed, codes, repeat: failed.length > 0 }
  } catch (cause) {
    return { entries, codes: [codeOf(cause)], repeat: !isPermanent(cause), cause }
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  return error.name === 'AbortError' ? 'no answer in time' : error.name
}

interface ServiceFault {
  $fault?: 'client' | 'server'
  $retryable?: object
  $metadata?: { httpStatusCode?: number }
}

/** Refused for what it is (no such bus, no permission, expired credentials): repeating at once does not help. */
function isPermanent(error: unknown): boolean {
  const { $fault, $retryable, $metadata } = error as ServiceFault
  if ($fault !== 'client' || $retryable || $metadata?.httpStatusCode === 429) return false
  return !/throttl|limitexceeded|toomanyrequests/i.test(codeOf(error))
}

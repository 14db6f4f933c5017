import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A message in the dead-letter queue, as SQS would hold it. */
export interface LetterMessage {
  /** Name of the queue. */
  queue: string
  /**
   * From EventBridge: RULE_ARN, TARGET_ARN, ERROR_CODE, ERROR_MESSAGE, EXHAUSTED_RETRY_CONDITION, RETRY_ATTEMPTS.
   * From a Lambda destination: none, its body says it.
   */
  attributes: Record<string, string>
  /** JSON text: the event (EventBridge), or an invocation record that holds it (Lambda destination). */
  body: string
}

/** What a letter says, whoever wrote it. */
export interface DeadLetter {
  id: string
  /** When it was given up, epoch ms. */
  at: number
  queue: string
  /** ARN of the function that should have had it. */
  functionArn: string
  event: unknown
  error: string
  /** `MaximumRetryAttempts`, `RetriesExhausted`, `EventAgeExceeded`, `HostStopped` and the like. */
  condition: string
  /** Tries made. */
  tries: number
}

/** A folder with one JSON file per message, oldest first by name. */
export interface DeadLetters {
  put(message: LetterMessage): Promise<void>
  list(): Promise<DeadLetter[]>
  remove(id: string): Promise<void>
}

/** Dead letters under `dir`, which is made when the first one comes. Files are the user's alone (0600). */
export function openDeadLetters(dir: string): DeadLetters {
  const file = (id: string) => join(dir, `${id}.json`)
  let count = 0
  return {
    async put(message) {
      const at = Date.now()
      // Sorts by time, then by the order in this process; the rest keeps two processes apart.
      const order = String(count++).padStart(6, '0')
      const id = `${new Date(at).toISOString().replace(/[-:.]/g, '')}-${order}-${randomUUID().slice(0, 8)}`
      await mkdir(dir, { recursive: true, mode: 0o700 })
      // Renamed into place: a reader sees a whole file or none.
      const aside = `${file(id)}.new`
      await writeFile(aside, `${JSON.stringify({ id, at, ...message }, null, 2)}\n`, { mode: 0o600 })
      await rename(aside, file(id))
    },
    async list() {
      const names = await readdir(dir).catch(() => [])
      const files = names.filter((name) => name.endsWith('.json')).sort()
      return Promise.all(files.map(async (name) => readLetter(JSON.parse(await readFile(join(dir, name), 'utf8')))))
    },
    remove: (id) => rm(file(id), { force: true }),
  }
}

/** What a message says, by what it is told when and where it was put. */
export function readLetter({
  id,
  at,
  queue,
  attributes,
  body,
}: LetterMessage & { id: string; at: number }): DeadLetter {
  const content = JSON.parse(body)
  if (!content.requestContext) {
    const { TARGET_ARN = '', ERROR_CODE, ERROR_MESSAGE, EXHAUSTED_RETRY_CONDITION = '', RETRY_ATTEMPTS } = attributes
    const error = `${ERROR_CODE}: ${ERROR_MESSAGE}`
    const tries = Number(RETRY_ATTEMPTS) + 1
    return {
      id,
      at,
      queue,
      functionArn: TARGET_ARN,
      event: content,
      error,
      condition: EXHAUSTED_RETRY_CONDITION,
      tries,
    }
  }
  const { functionArn, condition, approximateInvokeCount } = content.requestContext
  const { errorType, errorMessage } = content.responsePayload ?? {}
  return {
    id,
    at,
    queue,
    functionArn: functionArn.replace(/:\$LATEST$/, ''),
    event: content.requestPayload,
    error: [errorType, errorMessage].filter(Boolean).join(': '),
    condition,
    tries: approximateInvokeCount,
  }
}

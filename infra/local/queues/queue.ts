import { createHash, randomUUID } from 'node:crypto'

/** A queue as serverless.yml declares it; times in ms. */
export interface Queue {
  name: string
  arn: string
  /** Until a message shows, where the sender says nothing. */
  delay: number
  /** Until a message that was not dealt with shows again. */
  visibility: number
  /** Until a message is dropped. */
  retention: number
}

/** What receives the messages of a queue. */
export interface Poller {
  /** Name of the queue. */
  queue: string
  /** Name of the function. */
  target: string
  /** Most messages an invocation. */
  batchSize: number
}

export interface QueueStats {
  sent: number
  /** Dealt with by the function. */
  done: number
  /** Tries that failed. */
  failed: number
  /** Older than the queue keeps them. */
  dropped: number
  /** In the queue now: delayed, visible or with the function. */
  waiting: number
}

interface Message {
  id: string
  body: string
  /** Epoch ms. */
  sent: number
  firstReceived?: number
  receives: number
}

export interface OpenQueue {
  /** @param delay ms @returns the message's id */
  send(body: string, delay?: number): string
  stats(): QueueStats
  /** No more deliveries; what is in the queue is lost. */
  close(): void
}

/**
 * A standard queue and the poller behind it, in memory: a message shows after its delay, and again after the visibility
 * timeout when its function failed. At least once; the messages end with the process.
 * @param deliver runs the function; false: it failed
 * @param speed how much faster than real time delays and time-outs are
 */
export function openQueue(
  queue: Queue,
  poller: Poller | undefined,
  deliver: (target: string, event: unknown) => Promise<boolean>,
  speed = 1,
): OpenQueue {
  const timers = new Set<NodeJS.Timeout>()
  const visible: Message[] = []
  const counts = { sent: 0, done: 0, failed: 0, dropped: 0, waiting: 0 }
  let closed = false

  const after = (ms: number, run: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      run()
    }, ms / speed)
    timers.add(timer)
  }

  const show = (message: Message) => {
    if ((Date.now() - message.sent) * speed > queue.retention) {
      counts.dropped++
      counts.waiting--
      return
    }
    visible.push(message)
    // Messages that show together go together, as far as the batch size allows.
    if (visible.length === 1) setImmediate(() => void receive())
  }

  const receive = async (): Promise<void> => {
    if (!poller || closed) return
    const batches = Array.from({ length: Math.ceil(visible.length / poller.batchSize) }, () =>
      visible.splice(0, poller.batchSize),
    )
    await Promise.all(batches.map((batch) => handOver(batch, poller.target)))
  }

  const handOver = async (batch: Message[], target: string): Promise<void> => {
    for (const message of batch) {
      message.receives++
      message.firstReceived ??= Date.now()
    }
    const records = batch.map((message) => toRecord(message, queue))
    const isDone = await deliver(target, { Records: records }).catch(() => false)
    if (isDone) {
      counts.done += batch.length
      counts.waiting -= batch.length
      return
    }
    counts.failed += batch.length
    if (!closed) after(queue.visibility, () => batch.forEach(show))
  }

  return {
    send(body, delay = queue.delay) {
      const message = { id: randomUUID(), body, sent: Date.now(), receives: 0 }
      counts.sent++
      counts.waiting++
      after(delay, () => show(message))
      return message.id
    },
    stats: () => ({ ...counts }),
    close() {
      closed = true
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
    },
  }
}

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

/** A message as Lambda hands it to a function. */
function toRecord({ id, body, sent, firstReceived, receives }: Message, { arn }: Queue) {
  return {
    messageId: id,
    receiptHandle: `${id}-${receives}`,
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: String(sent),
      SenderId: 'local',
      ApproximateFirstReceiveTimestamp: String(firstReceived),
    },
    messageAttributes: {},
    md5OfBody: md5(body),
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: arn.split(':')[3],
  }
}

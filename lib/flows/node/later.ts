import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'

/** Some heartbeats could not be put off: the virtual nodes would turn NotReady before the next schedule. */
export class HeartbeatError extends Error {
  readonly retry = true

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** Asks for a heartbeat in so many seconds, each. @throws HeartbeatError */
export type Later = (seconds: readonly number[]) => Promise<void>

/** Milliseconds; a queue answers in some 10. */
const CALL_MS = 3000

let shared: SQSClient | undefined

/** One client a container; region, credentials and AWS_ENDPOINT_URL come from the environment. */
function sharedClient(): SQSClient {
  // The queue's URL is its name here: AWS_ENDPOINT_URL has to count where it is set.
  shared ??= new SQSClient({ maxAttempts: 3, useQueueUrlAsEndpoint: false })
  return shared
}

/** By messages with a delay on a queue that wakes the same function. */
export function byQueue(queueUrl: string): Later {
  return async (seconds) => {
    const Entries = seconds.map((delay) => ({ Id: `in-${delay}`, MessageBody: 'beat', DelaySeconds: delay }))
    try {
      const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries })
      const { Failed = [] } = await sharedClient().send(command, { abortSignal: AbortSignal.timeout(CALL_MS) })
      if (Failed.length > 0) throw new HeartbeatError(`the queue refused ${Failed.map(({ Code }) => Code).join(', ')}`)
    } catch (cause) {
      if (cause instanceof HeartbeatError) throw cause
      const name = cause instanceof Error ? cause.name : typeof cause
      throw new HeartbeatError(`heartbeats could not be put on the queue: ${name}`, { cause })
    }
  }
}

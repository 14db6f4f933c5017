import * as z from 'zod'
import { md5, type OpenQueue } from './queue.ts'

/** The call is refused as a whole, in AWS's words. */
export class QueueError extends Error {
  constructor(name: string, message: string) {
    super(message)
    this.name = `com.amazonaws.sqs#${name}`
  }
}

const message = z.object({
  MessageBody: z.string().min(1).max(1_048_576),
  /** Seconds. */
  DelaySeconds: z.int().min(0).max(900).optional(),
})
const sendMessage = message.extend({ QueueUrl: z.string() })
const entries = z.array(message.extend({ Id: z.string().regex(/^[\w-]{1,80}$/) }))
const sendMessageBatch = z.object({ QueueUrl: z.string(), Entries: entries.min(1).max(10) })

/**
 * SQS's calls as far as functions use them, by their name in `x-amz-target`.
 * @param queues by name
 */
export function queueCalls(queues: ReadonlyMap<string, OpenQueue>): Record<string, (body: unknown) => unknown> {
  const put = (url: string, { MessageBody, DelaySeconds }: z.infer<typeof message>) => {
    const queue = queues.get(new URL(url).pathname.split('/').at(-1) ?? '')
    if (!queue) throw new QueueError('QueueDoesNotExist', 'The specified queue does not exist.')
    const MessageId = queue.send(MessageBody, DelaySeconds === undefined ? undefined : DelaySeconds * 1000)
    return { MessageId, MD5OfMessageBody: md5(MessageBody) }
  }
  return {
    'AmazonSQS.SendMessage': (body) => {
      const { QueueUrl, ...given } = parsed(sendMessage, body)
      return put(QueueUrl, given)
    },
    'AmazonSQS.SendMessageBatch': (body) => {
      const { QueueUrl, Entries } = parsed(sendMessageBatch, body)
      if (new Set(Entries.map(({ Id }) => Id)).size < Entries.length) {
        throw new QueueError('BatchEntryIdsNotDistinct', 'Two or more batch entries in the request have the same Id.')
      }
      return { Successful: Entries.map(({ Id, ...given }) => ({ Id, ...put(QueueUrl, given) })), Failed: [] }
    },
  }
}

function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (!result.success) throw new QueueError('InvalidParameterValue', z.prettifyError(result.error))
  return result.data
}

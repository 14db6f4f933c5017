import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'

/** Seconds that a call waits for a message: the end of a poller waits for it. */
const WAIT_S = 1

export interface PolledQueue {
  QueueUrl: string
  arn: string
  /** Most messages an invocation. */
  batchSize: number
}

export interface RunningPoller {
  stop(): Promise<void>
}

/**
 * Lambda's poller of a queue, which ends with it: messages of an invocation that succeeds are deleted, others show again after the queue's
 * visibility timeout.
 * @param sqs with the credentials of the function's role, as Lambda's, which goes with the stack as the queue does
 * @param owner with those of the account
 * @param invoke false: the function failed, or was throttled
 */
export function startPoller(
  { QueueUrl, arn, batchSize }: PolledQueue,
  { sqs, owner }: { sqs: SQSClient; owner: SQSClient },
  invoke: (event: unknown) => Promise<boolean>,
): RunningPoller {
  const stopping = new AbortController()
  const { signal } = stopping

  const poll = async () => {
    while (!signal.aborted) {
      const receive = { MaxNumberOfMessages: batchSize, WaitTimeSeconds: WAIT_S }
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, ...receive, MessageSystemAttributeNames: ['All'] }),
        { abortSignal: signal },
      )
      if (Messages.length === 0 || !(await invoke({ Records: Messages.map((one) => toRecord(one, arn)) }))) continue
      for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
    }
  }
  const isGone = () =>
    owner.send(new GetQueueAttributesCommand({ QueueUrl })).then(
      () => false,
      ({ name }) => name === 'QueueDoesNotExist',
    )
  const ended = poll().catch(async (error) => {
    // Of a queue that is deleted while it waits there moto says nothing but 500.
    if (!signal.aborted && !(await isGone())) throw error
  })
  return {
    async stop() {
      stopping.abort()
      await ended
    },
  }
}

/** A message as Lambda hands it to a function. */
function toRecord({ MessageId, ReceiptHandle, Body, Attributes, MD5OfBody }: Message, queueArn: string) {
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: Attributes,
    messageAttributes: {},
    md5OfBody: MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: queueArn.split(':')[3],
  }
}

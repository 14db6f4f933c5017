import { GetQueueAttributesCommand, GetQueueUrlCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { DeadLetter, LetterMessage } from '../../infra/local/events/letters.ts'
import { redrive } from '../../infra/stack/redrive.ts'
import { type Account, STACK } from './account.ts'

/** Puts a message into its queue, as EventBridge does, or as Lambda does with the role of a function. */
export async function putLetter(sqs: SQSClient, QueueUrl: string, { attributes, body }: LetterMessage): Promise<void> {
  const pairs = Object.entries(attributes).map(
    ([key, StringValue]) => [key, { DataType: 'String', StringValue }] as const,
  )
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body, MessageAttributes: Object.fromEntries(pairs) }))
}

/** URL of a queue; who sends to it on AWS knows it. */
export async function queueUrlOf({ clients }: Pick<Account, 'clients'>, QueueName: string): Promise<string> {
  const { QueueUrl = '' } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName }))
  return QueueUrl
}

/** How many messages can be received from a queue now. */
export async function messagesIn(account: Account, name: string): Promise<number> {
  const QueueUrl = await queueUrlOf(account, name)
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] })
  const { Attributes } = await account.clients.sqs.send(command)
  return Number(Attributes?.ApproximateNumberOfMessages)
}

/** Name of the queue of dead letters. */
export const DEAD_LETTERS = `${STACK}-dead-letters`

/** All dead letters, as the project's command reads them. */
export async function readLetters(account: Account): Promise<DeadLetter[]> {
  const { sqs, events } = account.clients
  const letters: DeadLetter[] = []
  const post = { sqs, events, queueUrl: await queueUrlOf(account, DEAD_LETTERS), bus: STACK }
  await redrive(post, { list: true, onLetter: (letter) => letters.push(letter) })
  return letters
}

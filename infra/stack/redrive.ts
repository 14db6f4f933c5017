/** `npm run redrive`: the dead letters of a stage go on the bus again, once what they tell is mended. */
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import * as z from 'zod'
import { DETAIL_TYPE, EVENT_SOURCE } from '../../lib/event/change.ts'
import { isUsageError, readArguments } from '../arguments.ts'
import { type DeadLetter, readLetter } from '../local/events/letters.ts'
import { explain } from './explain.ts'
import { readStage } from './settings.ts'

const USAGE = `usage: npm run redrive -- [--stage STAGE] [--param settings=FILE] [--list]

  --stage STAGE            whose dead letters; default prod
  --param settings=FILE    its settings are in FILE instead of stages/STAGE.yml
  --list                   only show them

  Credentials are those of the AWS CLI, e.g. AWS_PROFILE.
`

/** Where the letters are, and where their events go. */
export interface Post {
  sqs: SQSClient
  events: EventBridgeClient
  queueUrl: string
  bus: string
}

/** What becomes of a letter: its event is on the bus again, or would be useless by now, or a person has to look. */
export type Fate = 'sent' | 'outdated' | 'left'

/** Seconds that a letter is kept from others while it is dealt with. */
const WITHHELD = 300

/**
 * Puts the event of every letter on the bus again, then removes the letter: broken off in between, the event comes twice
 * and does no harm. Letters that come meanwhile stay, as their events have failed once more.
 * @param onLetter is told each letter; with `list` nothing else is done
 * @returns how many of each fate
 */
export async function redrive(
  post: Post,
  { list = false, onLetter = () => {} }: { list?: boolean; onLetter?(letter: DeadLetter, fate: Fate): void } = {},
): Promise<Record<Fate, number>> {
  const began = Date.now()
  const counts = { sent: 0, outdated: 0, left: 0 }
  /** Letters that are withheld. */
  const held = new Map<string, Message>()
  try {
    for (let messages = await receive(post); messages.length > 0; messages = await receive(post)) {
      const fresh = messages.filter(({ MessageId = '' }) => !held.has(MessageId))
      for (const message of messages) held.set(message.MessageId ?? '', message)
      for (const message of fresh) {
        const letter = letterOf(message)
        if (letter.at > began) continue
        const fate = list ? fateOf(letter) : await carryOut(post, letter)
        if (!list && fate !== 'left') held.delete(message.MessageId ?? '')
        counts[fate]++
        onLetter(letter, fate)
      }
    }
  } finally {
    for (const { ReceiptHandle } of held.values()) {
      const command = { QueueUrl: post.queueUrl, ReceiptHandle, VisibilityTimeout: 0 }
      await post.sqs.send(new ChangeMessageVisibilityCommand(command))
    }
  }
  return counts
}

async function receive({ sqs, queueUrl }: Post): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: 10,
    // A short poll asks only some of the queue's servers, and may find none.
    WaitTimeSeconds: 2,
    VisibilityTimeout: WITHHELD,
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: ['SentTimestamp'],
  })
  return (await sqs.send(command)).Messages ?? []
}

function letterOf({ ReceiptHandle = '', Body = '', Attributes, MessageAttributes = {} }: Message): DeadLetter {
  const attributes = Object.fromEntries(
    Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [name, StringValue]),
  )
  const message = { id: ReceiptHandle, at: Number(Attributes?.SentTimestamp), queue: '', attributes }
  try {
    return readLetter({ ...message, body: Body })
  } catch {
    return readLetter({ ...message, body: '{}' })
  }
}

const change = z.looseObject({
  source: z.literal(EVENT_SOURCE),
  'detail-type': z.literal(DETAIL_TYPE),
  detail: z.looseObject({}),
})

/** A schedule fires again by itself. */
const firing = z.looseObject({ source: z.literal('aws.scheduler') })

function fateOf({ event }: DeadLetter): Fate {
  if (change.safeParse(event).success) return 'sent'
  return firing.safeParse(event).success ? 'outdated' : 'left'
}

async function carryOut(post: Post, letter: DeadLetter): Promise<Fate> {
  const fate = fateOf(letter)
  if (fate === 'left' || (fate === 'sent' && !(await sent(post, letter.event)))) return 'left'
  await post.sqs.send(new DeleteMessageCommand({ QueueUrl: post.queueUrl, ReceiptHandle: letter.id }))
  return fate
}

async function sent({ events, bus }: Post, event: unknown): Promise<boolean> {
  const { source: Source, 'detail-type': DetailType, detail } = change.parse(event)
  const entry = { Source, DetailType, Detail: JSON.stringify(detail), EventBusName: bus }
  const { FailedEntryCount } = await events.send(new PutEventsCommand({ Entries: [entry] }))
  return FailedEntryCount === 0
}

/** What becomes of a letter, in words; with `--list` nothing has become of it yet. */
const wordOf = (fate: Fate, list: boolean) => (list && fate === 'sent' ? 'to send' : fate)

function lineOf({ at, functionArn, tries, error, event }: DeadLetter, fate: Fate, list: boolean): string {
  const { detail } = (event ?? {}) as { detail?: unknown }
  const name = functionArn.slice(functionArn.lastIndexOf(':') + 1)
  const what = { sent: JSON.stringify(detail), outdated: 'a firing of its schedule', left: 'not of ours, or not taken' }
  const word = wordOf(fate, list).padEnd(9)
  return `${word} ${new Date(at).toISOString()} ${name}, ${tries} tries: ${error}\n          ${what[fate]}\n`
}

async function main(args: string[]): Promise<number> {
  const flag = { type: 'boolean', default: false } as const
  const text = { type: 'string' } as const
  // Nothing is passed over: what a misspelt --list would do cannot be undone.
  const { values } = readArguments({ args, options: { stage: text, param: text, list: flag, help: flag } })
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const { list } = values
  const { stage, settings } = await readStage(args)
  const { region } = settings
  const sqs = new SQSClient({ region })
  const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: `heliograph-${stage}-dead-letters` }))
  const post = { sqs, events: new EventBridgeClient({ region }), queueUrl: QueueUrl, bus: `heliograph-${stage}` }
  const onLetter = (letter: DeadLetter, fate: Fate) => void process.stdout.write(lineOf(letter, fate, list))
  const { sent, outdated, left } = await redrive(post, { list, onLetter })
  process.stdout.write(`${sent} ${wordOf('sent', list)}, ${outdated} outdated, ${left} left\n`)
  return left > 0 ? 1 : 0
}

const NOT_DEPLOYED = 'this stage is not deployed in its region; npm run deploy makes its queue'

function tellOf(error: Error & { code?: string }): string {
  if (isUsageError(error)) return `${error.message}\n\n${USAGE}`
  return error.name === 'QueueDoesNotExist' ? NOT_DEPLOYED : explain(error)
}

if (import.meta.main) {
  process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
    process.stderr.write(`${tellOf(error)}\n`)
    return 1
  })
}

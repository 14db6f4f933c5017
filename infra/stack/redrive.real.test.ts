import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge'
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Moto, startMoto } from '../../test/rehearsal/moto.ts'
import { eventually } from '../local/eventually.ts'
import { type Fate, type Post, redrive } from './redrive.ts'

const access = { region: 'eu-west-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }

let post: Post
/** Queue behind a rule for all of the bus. */
let arrived: string
let dir: string
let moto: Moto

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-redrive-'))
  // Nothing is invoked.
  moto = await startMoto(dir, 'http://127.0.0.1:9')
  const endpoint = moto.url
  const sqs = new SQSClient({ ...access, endpoint })
  const events = new EventBridgeClient({ ...access, endpoint })
  const bus = 'heliograph-test'
  await events.send(new CreateEventBusCommand({ Name: bus }))
  const queue = async (QueueName: string) => (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? ''
  arrived = await queue('arrived')
  const EventPattern = JSON.stringify({ source: ['heliograph'] })
  await events.send(new PutRuleCommand({ Name: 'all', EventBusName: bus, EventPattern }))
  const Targets = [{ Id: 'arrived', Arn: 'arn:aws:sqs:eu-west-1:123456789012:arrived' }]
  await events.send(new PutTargetsCommand({ Rule: 'all', EventBusName: bus, Targets }))
  post = { sqs, events, bus, queueUrl: await queue('heliograph-test-dead-letters') }
})
afterAll(async () => {
  await moto?.stop()
  await rm(dir, { recursive: true, force: true })
})

const change = (name: string) => ({
  version: '0',
  source: 'heliograph',
  'detail-type': 'Change',
  detail: { cluster: 'rome', kind: 'configmap', namespace: 'shop', names: [name] },
})

/** As the onFailure destination of a function has it. */
const record = (requestPayload: unknown) => ({
  requestContext: {
    functionArn: 'arn:aws:lambda:r:1:function:f:$LATEST',
    condition: 'RetriesExhausted',
    approximateInvokeCount: 3,
  },
  requestPayload,
  responsePayload: { errorType: 'UnreachableError', errorMessage: 'milan' },
})

const fired = { source: 'aws.scheduler', 'detail-type': 'Scheduled Event', detail: '{}' }

const letter = (body: unknown) =>
  post.sqs.send(
    new SendMessageCommand({
      QueueUrl: post.queueUrl,
      MessageBody: typeof body === 'string' ? body : JSON.stringify(body),
      MessageAttributes: { ERROR_CODE: { DataType: 'String', StringValue: 'NO_PERMISSIONS' } },
    }),
  )

/** What came through the bus, by name of the object. */
async function names(): Promise<string[]> {
  const command = new ReceiveMessageCommand({ QueueUrl: arrived, MaxNumberOfMessages: 10, VisibilityTimeout: 0 })
  const { Messages = [] } = await post.sqs.send(command)
  return Messages.flatMap(({ Body = '' }) => JSON.parse(Body).detail.names).toSorted()
}

test('letters of the bus and of functions go on the bus again; firings are outdated, and what is neither stays', async () => {
  for (const body of [change('a'), record(change('b')), record(fired), { somebody: 'else' }, 'no JSON'])
    await letter(body)
  const listed: Fate[] = []
  const want = { sent: 2, outdated: 1, left: 2 }
  expect(await redrive(post, { list: true, onLetter: (_, fate) => listed.push(fate) })).toEqual(want)
  expect(listed.toSorted()).toEqual(['left', 'left', 'outdated', 'sent', 'sent'])
  expect(await names()).toEqual([])
  expect(await redrive(post)).toEqual(want)
  await eventually('the events are there', async () => (await names()).join() === 'a,b')
  expect(await redrive(post)).toEqual({ sent: 0, outdated: 0, left: 2 })
})

test('a letter whose event cannot be put shows again at once', async () => {
  await letter(change('c'))
  const events = new EventBridgeClient({ ...access, endpoint: 'http://127.0.0.1:9', maxAttempts: 1 })
  await expect(redrive({ ...post, events })).rejects.toThrow('ECONNREFUSED')
  expect(await redrive(post, { list: true })).toMatchObject({ sent: 1 })
})

test.each([
  { args: ['--lsit'], want: "Unknown option '--lsit'" },
  { args: ['list'], want: "Unexpected argument 'list'" },
])('the command takes no $args for an order to send', async ({ args, want }) => {
  const command = [join(import.meta.dirname, 'redrive.ts'), '--stage', 'example', ...args]
  const { code, stdout, stderr } = await promisify(execFile)(process.execPath, command).catch((error) => error)
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain(want)
  expect(stderr).toContain('usage: npm run redrive')
})

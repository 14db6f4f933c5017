import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { createBus } from '../events/bus.ts'
import { startEventsEndpoint } from '../events/endpoint.ts'
import { until } from '../fixtures/until.ts'
import { queueCalls } from './calls.ts'
import { type OpenQueue, openQueue, type Queue } from './queue.ts'

const QUEUE: Queue = {
  name: 'beats',
  arn: 'arn:aws:sqs:eu-west-1:1:beats',
  delay: 0,
  visibility: 2000,
  retention: 60_000,
}

interface Batch {
  Records: { body: string; attributes: { ApproximateReceiveCount: string }; eventSource: string; md5OfBody: string }[]
}
let batches: Batch[]
beforeEach(() => {
  batches = []
})
const bodies = () => batches.map(({ Records }) => Records.map(({ body }) => body))

/** A queue that runs a hundred times as fast, whose function does as `outcomes` say, in order, and then succeeds. */
function open(change: Partial<Queue> = {}, batchSize = 10, outcomes: boolean[] = []): OpenQueue {
  const deliver = async (target: string, event: unknown) => {
    expect(target).toBe('node')
    batches.push(event as Batch)
    return outcomes.shift() ?? true
  }
  return openQueue({ ...QUEUE, ...change }, { queue: 'beats', target: 'node', batchSize }, deliver, 100)
}

describe('a queue', () => {
  test('shows each message after its delay', async () => {
    const queue = open()
    const start = performance.now()
    queue.send('late', 20_000)
    queue.send('soon', 5000)
    queue.send('now')
    await until(() => batches.length === 3)
    expect(bodies()).toEqual([['now'], ['soon'], ['late']])
    expect(performance.now() - start).toBeGreaterThanOrEqual(195)
    expect(queue.stats()).toEqual({ sent: 3, done: 3, failed: 0, dropped: 0, waiting: 0 })
  })

  test('hands over what shows together, in batches', async () => {
    const queue = open({}, 2)
    for (const body of ['a', 'b', 'c']) queue.send(body)
    await until(() => queue.stats().done === 3)
    expect(bodies().flat().sort()).toEqual(['a', 'b', 'c'])
    expect(Math.max(...bodies().map(({ length }) => length))).toBeLessThanOrEqual(2)
  })

  test('shows a message again when its function failed', async () => {
    const queue = open({}, 10, [false, false])
    queue.send('again')
    await until(() => queue.stats().done === 1)
    expect(batches.map(({ Records }) => Records[0]?.attributes.ApproximateReceiveCount)).toEqual(['1', '2', '3'])
    expect(queue.stats()).toMatchObject({ failed: 2, waiting: 0 })
  })

  test('drops what is too old', async () => {
    const queue = open({ retention: 1000 }, 10, [false])
    queue.send('old')
    await until(() => queue.stats().dropped === 1)
    expect(batches).toHaveLength(1)
    expect(queue.stats().waiting).toBe(0)
  })

  test('delivers nothing once it is closed', async () => {
    const queue = open()
    queue.send('never', 1000)
    queue.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(batches).toEqual([])
  })
})

const served = new Map<string, OpenQueue>()
const endpoint = await startEventsEndpoint(
  createBus([], { account: '1', region: 'r' }, () => {}),
  queueCalls(served),
)
afterAll(() => endpoint.close())

describe('the real client', () => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new SQSClient({
    endpoint: endpoint.url,
    region: 'eu-west-1',
    credentials,
    maxAttempts: 1,
    useQueueUrlAsEndpoint: false,
  })
  const QueueUrl = 'https://sqs.eu-west-1.amazonaws.com/1/beats'

  test('sends, alone and in a batch; digests agree', async () => {
    const queue = open()
    served.set('beats', queue)
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }))
    const Entries = [20, 40].map((DelaySeconds) => ({
      Id: `in-${DelaySeconds}`,
      MessageBody: `${DelaySeconds} s`,
      DelaySeconds,
    }))
    const { Successful, Failed } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
    expect([Successful?.map(({ Id }) => Id), Failed]).toEqual([['in-20', 'in-40'], []])
    await until(() => queue.stats().done === 3)
    expect(bodies()).toEqual([['one'], ['20 s'], ['40 s']])
    expect(batches[0]?.Records[0]).toMatchObject({
      eventSource: 'aws:sqs',
      eventSourceARN: QUEUE.arn,
      awsRegion: 'eu-west-1',
    })
  })

  test.each([
    {
      name: 'no such queue',
      command: new SendMessageCommand({ QueueUrl: `${QueueUrl}-else`, MessageBody: 'x' }),
      want: 'QueueDoesNotExist',
    },
    {
      name: 'too long a delay',
      command: new SendMessageCommand({ QueueUrl, MessageBody: 'x', DelaySeconds: 901 }),
      want: 'InvalidParameterValue',
    },
  ])('is refused: $name', async ({ command, want }) => {
    served.set('beats', open())
    await expect(client.send(command)).rejects.toThrow(expect.objectContaining({ name: expect.stringContaining(want) }))
  })
})

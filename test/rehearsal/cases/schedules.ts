import { InvokeCommand, TooManyRequestsException } from '@aws-sdk/client-lambda'
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { describe, expect, test } from 'vitest'
import { STACK } from '../account.ts'
import { queueUrlOf } from '../dead-letters.ts'
import type { DeployedSchedule } from '../deployed.ts'
import { reserve } from '../operator.ts'
import { patiently, type Scene } from '../scene.ts'
import { fire, scheduleOf } from '../schedule.ts'

export function scheduleCases(scene: Scene): void {
  /** What came of it. */
  const fired = async (schedule: DeployedSchedule) => {
    const { lambda } = scene
    await scene.quiet()
    const before = lambda.deliveries.length
    await fire(scene, schedule)
    await scene.quiet()
    return lambda.deliveries.slice(before).filter((one) => one.function === schedule.target)
  }

  const heartbeats = () => queueUrlOf(scene.account, `${STACK}-heartbeats`)

  describe('schedules', () => {
    test('each wakes its function, by its own role', async () => {
      const { schedules } = scene.lambda.deployed()
      expect(schedules.length).toBeGreaterThan(0)
      for (const schedule of schedules) {
        expect(await fired(schedule), schedule.name).toMatchObject([{ result: 'done', attempt: 1 }])
      }
    })

    test('a heartbeat: the node of milan is there, and the next two wait in the queue', async () => {
      const { sqs } = scene.account.clients
      const QueueUrl = await heartbeats()
      const { rome } = scene.clusters
      await rome!.kubectl(['delete', 'node', '--all'])
      await fired(scheduleOf(scene, 'node'))
      const node = await rome!.kubectl.get('node', 'liqo-milan')
      expect(node?.metadata.labels).toMatchObject({ 'liqo.io/remote-cluster-id': 'milan' })
      const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))
      expect(Number(Attributes.ApproximateNumberOfMessagesDelayed)).toBeGreaterThanOrEqual(2)
    })

    test('a message of the queue is a heartbeat too', async () => {
      const { rome } = scene.clusters
      const lease = async () => (await rome!.kubectl.get('lease', 'liqo-milan', 'kube-node-lease'))?.metadata
      const before = await lease()
      const { sqs } = scene.account.clients
      const QueueUrl = await heartbeats()
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'beat' }))
      await patiently('a renewed lease', async () => (await lease())?.resourceVersion !== before?.resourceVersion)
    })

    test('a sweep brings what no event told of', async () => {
      const { kubectl, there, lambda } = scene
      await reserve(scene, 'webhook', 0)
      await kubectl('create', 'configmap', 'unheard', '--from-literal=k=v')
      await patiently('a refused webhook call', async () => lambda.stats('webhook').throttles > 0)
      await fired(scheduleOf(scene, 'sweep'))
      await there('configmap', 'unheard')
      await reserve(scene, 'webhook', undefined)
    })

    test('a sweep by hand answers with what it found; without concurrency it is refused', async () => {
      const { lambda } = scene.account.clients
      const Payload = JSON.stringify({ reportOnly: true })
      const invoke = () => lambda.send(new InvokeCommand({ FunctionName: `${STACK}-sweep`, Payload }))
      const answer = await invoke()
      expect(answer.FunctionError).toBeUndefined()
      const summary = JSON.parse(answer.Payload?.transformToString() ?? '')
      expect(summary).toMatchObject({ created: 0, updated: 0, deleted: 0, failed: 0 })
      expect(summary.listed).toBeGreaterThan(0)
      await reserve(scene, 'sweep', 0)
      await expect(invoke()).rejects.toThrow(TooManyRequestsException)
      await reserve(scene, 'sweep', undefined)
    })
  })
}

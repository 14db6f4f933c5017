import { InvokeCommand } from '@aws-sdk/client-lambda'
import { scheduledEvent } from '../../infra/local/schedule/clock.ts'
import { clientsOf, keysOfRole } from './clients.ts'
import type { DeployedSchedule } from './deployed.ts'
import type { Scene } from './scene.ts'

/** The schedule of a function that has one. */
export const scheduleOf = ({ lambda }: Scene, target: string): DeployedSchedule =>
  lambda.deployed().schedules.find((one) => one.target === target) as DeployedSchedule

/**
 * Does what EventBridge Scheduler does when a schedule is due, which moto does not: invokes the target with the
 * schedule's role and input.
 */
export async function fire({ account, lambda }: Scene, schedule: DeployedSchedule): Promise<void> {
  const { url, clients } = account
  const deployed = lambda.deployed()
  const scheduler = clientsOf(url, deployed.region, await keysOfRole(clients, schedule.role))
  const { fullName } = deployed.functions.find(({ name }) => name === schedule.target) ?? {}
  const Payload = JSON.stringify(schedule.input ?? scheduledEvent(schedule, deployed, Date.now()))
  await scheduler.lambda.send(new InvokeCommand({ FunctionName: fullName, InvocationType: 'Event', Payload }))
}

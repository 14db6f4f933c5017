import type { Sender } from '../events/decide.ts'
import type { Delivery } from '../events/deliver.ts'
import type { DeadLetters } from '../events/letters.ts'
import type { Service } from '../service/read.ts'

/**
 * Sends every dead letter to its function again, as a fresh asynchronous invocation. A letter is removed only when its
 * event has been delivered or lies in a new letter, so that none is lost in between; it may then be delivered twice.
 */
export async function redrive(
  letters: DeadLetters,
  { functions, region, account }: Service,
  send: (from: Sender, name: string, event: unknown) => Promise<Delivery['result']>,
): Promise<{ delivered: number; dead: number }> {
  const counts = { delivered: 0, dead: 0 }
  const one = async ({ id, queue, functionArn, event }: Awaited<ReturnType<DeadLetters['list']>>[number]) => {
    const name = functions.find(({ arn }) => arn === functionArn)?.name
    // The function is gone from serverless.yml: the letter stays.
    if (!name) return
    const from: Sender = {
      arn: `arn:aws:sqs:${region}:${account}:${queue}`,
      retry: { attempts: 0, age: 60 },
      deadLetters: queue,
    }
    const result = await send(from, name, event)
    await letters.remove(id)
    if (result === 'done') counts.delivered++
    else counts.dead++
  }
  await Promise.all((await letters.list()).map(one))
  return counts
}

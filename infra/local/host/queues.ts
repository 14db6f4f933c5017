import type { Calls } from '../events/endpoint.ts'
import { queueCalls } from '../queues/calls.ts'
import { type OpenQueue, openQueue, type QueueStats } from '../queues/queue.ts'
import type { Invocation } from '../runtime/outcome.ts'
import type { Service } from '../service/read.ts'

export interface Queues {
  calls: Calls
  stats(): Record<string, QueueStats>
  close(): void
}

/** The queues of the service, each with its function behind it. Queues of dead letters are folders (letters.ts). */
export function openQueues(
  { queues, pollers }: Service,
  invoke: (name: string, payload: string) => Promise<Invocation>,
  speed: number,
): Queues {
  const deliver = async (target: string, event: unknown) => {
    const { functionError } = await invoke(target, JSON.stringify(event))
    return functionError === undefined
  }
  const open = new Map<string, OpenQueue>(
    queues.map((queue) => {
      const poller = pollers.find((one) => one.queue === queue.name)
      return [queue.name, openQueue(queue, poller, deliver, speed)]
    }),
  )
  return {
    calls: queueCalls(open),
    stats: () => Object.fromEntries([...open].map(([name, queue]) => [name, queue.stats()])),
    close: () => open.forEach((queue) => void queue.close()),
  }
}

import { randomUUID } from 'node:crypto'
import { eventTime, type Place } from '../events/event.ts'
import type { Schedule } from '../service/read.ts'
import { type Next, parseSchedule } from './expression.ts'

/** Node's timers end at 24 days; longer waits are taken in steps. */
const LONGEST = 2 ** 31 - 1

export interface Clock {
  stop(): void
}

/**
 * Fires the schedules of the service.
 * @param speed how much faster than real time the schedules' clock runs, from now on
 * @param fire takes the schedule and the payload its target gets
 * @throws Error for an expression or a time zone that is not understood
 */
export function startClock(
  schedules: Schedule[],
  place: Place,
  speed: number,
  fire: (schedule: Schedule, payload: unknown) => void,
): Clock {
  const began = Date.now()
  const now = () => began + (Date.now() - began) * speed
  const timers = new Map<Schedule, NodeJS.Timeout>()
  const arm = (schedule: Schedule, next: Next, at: number | undefined) => {
    if (at === undefined) return
    const wait = Math.max(0, (at - now()) / speed)
    const due = () => {
      if (wait <= LONGEST) fire(schedule, schedule.input ?? scheduledEvent(schedule, place, at))
      arm(schedule, next, wait <= LONGEST ? next(at) : at)
    }
    timers.set(schedule, setTimeout(due, Math.min(wait, LONGEST)))
  }
  const parsed = schedules.map((schedule): [Schedule, Next] => {
    if (schedule.timezone !== 'UTC') throw new Error(`schedule ${schedule.arn}: only UTC runs locally`)
    return [schedule, parseSchedule(schedule.expression)]
  })
  for (const [schedule, next] of parsed) {
    // A rate starts at once.
    arm(schedule, next, schedule.expression.startsWith('rate') ? began : next(began))
  }
  return {
    stop() {
      for (const timer of timers.values()) clearTimeout(timer)
      timers.clear()
    },
  }
}

/** What the target gets when the schedule has no input of its own. Its `detail` is a text. */
export function scheduledEvent({ arn }: Schedule, { account, region }: Place, at: number) {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account,
    time: eventTime(at),
    region,
    resources: [arn],
    detail: '{}',
  }
}

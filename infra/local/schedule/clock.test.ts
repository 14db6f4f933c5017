import { expect, test } from 'vitest'
import { until } from '../fixtures/until.ts'
import type { Schedule } from '../service/read.ts'
import { startClock } from './clock.ts'

const place = { account: '1', region: 'eu-west-1' }
const retry = { attempts: 0, age: 60 }
const schedule = (expression: string, more: Partial<Schedule> = {}): Schedule => {
  return { arn: 'arn:schedule', expression, timezone: 'UTC', target: 'sweep', retry, ...more }
}

/** Fires until `count` payloads are there. */
async function fired(schedules: Schedule[], count: number): Promise<unknown[]> {
  const payloads: unknown[] = []
  const clock = startClock(schedules, place, 6000, (_, payload) => payloads.push(payload))
  await until(() => payloads.length >= count)
  clock.stop()
  return payloads
}

test('a rate starts at once and repeats; its detail is a text', async () => {
  const [first, second] = (await fired([schedule('rate(1 minute)')], 2)) as { time: string }[]
  expect(first).toEqual({
    version: '0',
    id: expect.any(String),
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: '1',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    region: 'eu-west-1',
    resources: ['arn:schedule'],
    detail: '{}',
  })
  expect(Date.parse(second?.time ?? '') - Date.parse(first?.time ?? '')).toBe(60_000)
})

test('a cron fires on the minute; an input of its own replaces the payload', async () => {
  const [first] = await fired([schedule('cron(* * * * ? *)')], 1)
  expect(first).toMatchObject({ time: expect.stringMatching(/:00Z$/) })
  expect(await fired([schedule('rate(1 day)', { input: { full: true } })], 1)).toEqual([{ full: true }])
})

test('a time zone is refused rather than taken for UTC', () => {
  const rome = schedule('cron(0 0 * * ? *)', { timezone: 'Europe/Rome' })
  expect(() => startClock([rome], place, 1, () => {})).toThrow('only UTC')
})

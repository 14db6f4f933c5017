import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../../../infra/local/root.ts'
import { type Measured, page, perMillion } from './page.ts'
import { PRICES } from './prices.ts'
import { costOf, minus, sumOf, times, type Usage } from './usage.ts'

const none: Usage = { events: 0, invocations: 0, gbSeconds: 0, schedules: 0, queueRequests: 0, logBytes: 0 }

test('each item has its own price', () => {
  const usage = {
    ...none,
    events: 2e6,
    invocations: 5e6,
    gbSeconds: 3e6,
    schedules: 1e6,
    queueRequests: 1e6,
    logBytes: 2 ** 31,
  }
  const cost = costOf(usage, PRICES)
  expect(cost).toMatchObject({ events: 2, invocations: 1, schedules: 1, queueRequests: 0.4, logBytes: 1 })
  expect(cost.gbSeconds).toBeCloseTo(40)
  expect(sumOf(cost)).toBeCloseTo(45.4)
})

test('what was counted is told for a million', () => {
  const before = { ...none, events: 10, invocations: 20 }
  const after = { ...none, events: 210, invocations: 420, gbSeconds: 4 }
  expect(perMillion(minus(after, before), 200)).toEqual({ ...none, events: 1e6, invocations: 2e6, gbSeconds: 20_000 })
  expect(times({ ...none, schedules: 3 }, 2)).toEqual({ ...none, schedules: 6 })
})

test('every price says who said it, and when', () => {
  for (const { usd, per, source, date } of Object.values(PRICES)) {
    expect(usd).toBeGreaterThan(0)
    expect(per).toBeGreaterThan(0)
    expect(URL.canParse(source)).toBe(true)
    expect(date).toMatch(/\b20\d\d/)
  }
})

test('the page is what was measured, at these prices', async () => {
  const measured = JSON.parse(await readFile(join(ROOT, 'docs', 'costs.json'), 'utf8')) as Measured
  expect(await readFile(join(ROOT, 'docs', 'costs.md'), 'utf8')).toBe(page(measured))
  expect(measured.rows.length).toBeGreaterThan(0)
})

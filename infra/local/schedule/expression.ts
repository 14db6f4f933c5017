import { parseCron } from './cron.ts'

/** When a schedule fires next: epoch ms in, epoch ms out, strictly later; undefined when never again. */
export type Next = (after: number) => number | undefined

const UNITS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/**
 * `rate(15 minutes)` or `cron(0/15 * * * ? *)`, in UTC.
 * @throws Error quoting the expression and what is wrong with it
 */
export function parseSchedule(expression: string): Next {
  const [, kind, inner = ''] = /^(rate|cron)\((.*)\)$/.exec(expression.trim()) ?? []
  if (kind === 'cron') return parseCron(inner, (why) => refuse(expression, why))
  if (kind !== 'rate') return refuse(expression, 'expected rate(…) or cron(…)')
  const [, count = '', unit = ''] = /^([1-9][0-9]*) (minute|hour|day)s?$/.exec(inner.trim()) ?? []
  const period = Number(count) * (UNITS[unit] ?? Number.NaN)
  return period ? (after) => after + period : refuse(expression, 'expected a number and minutes, hours or days')
}

function refuse(expression: string, why: string): never {
  throw new Error(`schedule ${expression}: ${why}`)
}

import type { Next } from './expression.ts'

type Refuse = (why: string) => never

interface Range {
  name: string
  from: number
  to: number
  /** Names for numbers, from `from`: JAN, SUN. */
  names?: string[]
}

const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ')
const DAYS = 'SUN MON TUE WED THU FRI SAT'.split(' ')
const DAY_MS = 86_400_000
const RANGES = {
  minute: { name: 'minutes', from: 0, to: 59 },
  hour: { name: 'hours', from: 0, to: 23 },
  date: { name: 'day-of-month', from: 1, to: 31 },
  month: { name: 'month', from: 1, to: 12, names: MONTHS },
  weekday: { name: 'day-of-week', from: 1, to: 7, names: DAYS },
  year: { name: 'year', from: 1970, to: 2199 },
} satisfies Record<string, Range>

/**
 * AWS's six fields: minutes hours day-of-month month day-of-week year, with `, - * / ?`, `L` and `W` in day-of-month, `L`
 * and `#` in day-of-week (1 is Sunday). One of the two day fields must be `?`.
 */
export function parseCron(text: string, refuse: Refuse): Next {
  const fields = text.trim().split(/\s+/)
  if (fields.length !== 6) refuse('cron has six fields: minutes hours day-of-month month day-of-week year')
  const [minute = '', hour = '', date = '', month = '', weekday = '', year = ''] = fields
  if ((date === '?') === (weekday === '?')) refuse('exactly one of day-of-month and day-of-week must be ?')
  const minutes = values(minute, RANGES.minute, refuse)
  const hours = values(hour, RANGES.hour, refuse)
  const months = new Set(values(month, RANGES.month, refuse))
  const years = values(year, RANGES.year, refuse)
  const isDay = date === '?' ? onWeekday(weekday, refuse) : onDate(date, refuse)
  const lastYear = years.at(-1) ?? 0
  const allowed = new Set(years)
  return (after) => {
    // Day by day, then by hour and minute within the day: a few thousand steps at the very worst.
    for (let day = Math.floor(after / DAY_MS) * DAY_MS; ; day += DAY_MS) {
      const at = new Date(day)
      if (at.getUTCFullYear() > lastYear) return undefined
      if (!allowed.has(at.getUTCFullYear()) || !months.has(at.getUTCMonth() + 1) || !isDay(at)) continue
      for (const h of hours) {
        for (const m of minutes) {
          const time = day + h * 3_600_000 + m * 60_000
          if (time > after) return time
        }
      }
    }
  }
}

/** Sorted numbers of a field: `*`, `5`, `MON-FRI`, `0/15`, `1-10/2`, and lists of them. */
function values(field: string, range: Range, refuse: Refuse): number[] {
  const found = new Set<number>()
  for (const part of field.split(',')) {
    const [span = '', step, ...rest] = part.split('/')
    const [low = '', high, ...more] = span.split('-')
    const from = low === '*' ? range.from : number(low, range)
    const to = high !== undefined ? number(high, range) : low === '*' || step !== undefined ? range.to : from
    const by = step === undefined ? 1 : Number(step)
    const inside = from >= range.from && to <= range.to && from <= to && by >= 1 && Number.isInteger(by)
    if (!inside || rest.length > 0 || more.length > 0) refuse(`"${part}" is not valid in ${range.name}`)
    for (let value = from; value <= to; value += by) found.add(value)
  }
  return [...found].sort((a, b) => a - b)
}

function number(text: string, { from, names }: Range): number {
  const named = names?.indexOf(text.toUpperCase()) ?? -1
  return named >= 0 ? from + named : /^[0-9]+$/.test(text) ? Number(text) : Number.NaN
}

const lastOf = (at: Date) => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate()

function onDate(field: string, refuse: Refuse): (at: Date) => boolean {
  if (field === 'L') return (at) => at.getUTCDate() === lastOf(at)
  const [, near] = /^([0-9]+)W$/.exec(field) ?? []
  if (near !== undefined) return (at) => at.getUTCDate() === workdayNear(Number(near), at)
  const dates = new Set(values(field, RANGES.date, refuse))
  return (at) => dates.has(at.getUTCDate())
}

/** The date of the weekday (Monday to Friday) nearest to a date, within its month. */
function workdayNear(date: number, at: Date): number {
  const day = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), date)).getUTCDay()
  if (day === 6) return date === 1 ? 3 : date - 1
  if (day === 0) return date === lastOf(at) ? date - 2 : date + 1
  return date
}

function onWeekday(field: string, refuse: Refuse): (at: Date) => boolean {
  const [, last] = /^([1-7]|[A-Z]{3})L$/i.exec(field) ?? []
  if (field === 'L') return (at) => at.getUTCDay() === 6
  if (last !== undefined) {
    const [day] = values(last, RANGES.weekday, refuse)
    return (at) => at.getUTCDay() + 1 === day && at.getUTCDate() > lastOf(at) - 7
  }
  const [, nth, count] = /^([1-7]|[A-Z]{3})#([1-5])$/i.exec(field) ?? []
  if (nth !== undefined) {
    const [day] = values(nth, RANGES.weekday, refuse)
    return (at) => at.getUTCDay() + 1 === day && Math.ceil(at.getUTCDate() / 7) === Number(count)
  }
  const days = new Set(values(field, RANGES.weekday, refuse))
  return (at) => days.has(at.getUTCDay() + 1)
}

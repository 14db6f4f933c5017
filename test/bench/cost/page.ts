import { PRICES } from './prices.ts'
import { costOf, sumOf, times, type Usage } from './usage.ts'

/** What was measured, as `docs/costs.json` keeps it. */
export interface Measured {
  date: string
  machine: string
  /** Each: what it is for people, and the usage of it. */
  rows: { what: string; usage: Usage }[]
}

/** How much longer all might take on a Lambda of 256 MB, which has a seventh of a CPU. */
const SLOWER = 5

/** The page of costs. */
export function page({ date, machine, rows }: Measured): string {
  const head = [
    '',
    'events',
    'invocations',
    'GB-s',
    'schedules',
    'queue requests',
    'log MB',
    'USD',
    `USD, ${SLOWER} times as slow`,
  ]
  const body = rows.map(({ what, usage }) => {
    const slow = { ...usage, gbSeconds: usage.gbSeconds * SLOWER }
    return [
      what,
      count(usage.events),
      count(usage.invocations),
      count(usage.gbSeconds),
      count(usage.schedules),
      count(usage.queueRequests),
      count(usage.logBytes / 1e6),
      usd(usage),
      usd(slow),
    ]
  })
  const prices = Object.values(PRICES).map(({ usd: price, unit, source, date: said }) => [
    unit,
    String(price),
    `[${new URL(source).host}](${source}), ${said}`,
  ])
  return `# Costs

Made by \`npm run bench -- costs\` from what the local host counts of the real bundles, and from published prices. ${date}, ${machine}.
Durations are this machine's, so the last column has them ${SLOWER} times as long: a function of 256 MB has a seventh of a CPU on
Lambda. Free tiers are left out. Not in it: traffic between the functions and the clusters, secrets, alarms and the dashboard, each by
its number, and the empty polls of a queue by Lambda's own poller.

${table([head, ...body])}

${table([['for a', 'USD', 'source'], ...prices])}
`
}

function usd(usage: Usage): string {
  return sumOf(costOf(usage, PRICES)).toFixed(2)
}

function count(value: number): string {
  const digits = value !== 0 && value < 10 ? 1 : 0
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join('\n')
}

/** Of one, what a million makes. */
export const perMillion = (usage: Usage, measured: number): Usage => times(usage, 1e6 / measured)

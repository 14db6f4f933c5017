/** The members of a function's log line that are shown. */
interface Line {
  level?: string
  msg?: string
  function?: string
  peering?: string
  kind?: string
  key?: string
  what?: string
  verdict?: string
  why?: string
  writes?: number
  ms?: number
  [field: string]: unknown
}

/** Verdicts that change or refuse something; the others are the daily bread of level-triggered functions. */
const WORTH_TELLING = new Set(['created', 'updated', 'deleted', 'skipped', 'blocked', 'refused', 'failed', 'withheld'])

/**
 * A function's log line as one line for a person, or undefined for what is not worth one.
 *
 * `configmap  rome/shop/settings → milan  created  12.1 ms`
 */
export function readable(name: string, text: string): string | undefined {
  const line = parse(text)
  if (!line) return `${name.padEnd(10)} ${text}`
  if (line.msg === 'key' || line.msg === 'swept') {
    if (!WORTH_TELLING.has(line.verdict ?? '')) return undefined
    const { kind, key } = line.msg === 'key' ? line : split(line.what ?? '')
    const where = line.peering ? ` (${line.peering})` : ''
    const ms = line.ms === undefined ? 'by sweep' : `${line.ms} ms`
    const why = line.why ? `: ${line.why}` : ''
    return `${(kind ?? name).padEnd(10)} ${key}${where} ${line.verdict} ${ms}${why}`
  }
  if (line.msg === 'sweep') return `sweep      ${counts(line)}`
  if (line.level === 'info' || line.level === 'debug') return undefined
  const { time: _, level, msg, function: __, ...rest } = line
  return `${name.padEnd(10)} ${level} ${msg} ${JSON.stringify(rest)}`
}

/** Counts of a sweep, e.g. `listed 8, equal 4, created 1 in 31 ms`; zeros are left out. */
function counts(line: Line): string {
  const names = ['listed', 'equal', 'created', 'updated', 'deleted', 'skipped', 'blocked', 'refused', 'failed']
  const told = names.flatMap((name) => (line[name] ? `${name} ${line[name]}` : []))
  return `${told.join(', ') || 'nothing to compare'} in ${line.ms} ms${line.reportOnly ? ' (report only)' : ''}`
}

/** `configmap rome/shop/settings` of a sweep. */
function split(what: string): { kind: string; key: string } {
  const at = what.indexOf(' ')
  return { kind: what.slice(0, at), key: what.slice(at + 1) }
}

function parse(text: string): Line | undefined {
  try {
    const line: unknown = JSON.parse(text)
    return typeof line === 'object' && line !== null ? (line as Line) : undefined
  } catch {
    return undefined
  }
}

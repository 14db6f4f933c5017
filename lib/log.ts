import type { EmbeddedMetrics } from './metrics.ts'

/**
 * One logger: a JSON line per entry on stdout, `{time, level, msg, ...fields}`. Fields are scalars or lists of strings,
 * so that no object of a cluster, header or client error can get into a line by accident.
 */

export const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type Level = (typeof LEVELS)[number]

export type Fields = { readonly [name: string]: string | number | boolean | undefined | readonly string[] }

export interface Log {
  debug(msg: string, fields?: Fields): void
  info(msg: string, fields?: Fields): void
  warn(msg: string, fields?: Fields): void
  error(msg: string, fields?: Fields): void
  /** What was measured (metrics.ts), at any level but `silent`. */
  metrics(measured: EmbeddedMetrics): void
  /** The same log with these fields in every line. */
  with(fields: Fields): Log
}

/** @param write takes one line, newline included */
export function logger(level: Level, write: (line: string) => void = toStdout): Log {
  return logWith(LEVELS.indexOf(level), write, {})
}

function logWith(least: number, write: (line: string) => void, common: Fields): Log {
  const at =
    (level: Level) =>
    (msg: string, fields: Fields = {}) => {
      if (LEVELS.indexOf(level) < least) return
      const head = { time: new Date().toISOString(), level, msg }
      // The head comes twice: first for the order of the keys, last so that no field replaces it.
      write(`${JSON.stringify({ ...head, ...common, ...fields, ...head })}\n`)
    }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    metrics(measured) {
      if (least > LEVELS.indexOf('error')) return
      const head = { time: new Date(measured._aws.Timestamp).toISOString(), level: 'info', msg: 'metrics' }
      write(`${JSON.stringify({ ...head, ...common, ...measured })}\n`)
    },
    with: (fields) => logWith(least, write, { ...common, ...fields }),
  }
}

function toStdout(line: string): void {
  process.stdout.write(line)
}

/** What became of one key; `ms` is the time it took, `writes` the number of requests that changed something. */
export interface KeyLine {
  kind: string
  /** e.g. `rome/shop/web-0`: cluster, namespace, name. */
  key: string
  verdict: string
  why?: string | undefined
  writes: number
  ms: number
}

/** The one line per key: `{"msg":"key","kind":"pod","key":"rome/shop/web-0","verdict":"update",…}`. */
export function logKey(log: Log, { kind, key, verdict, why, writes, ms }: KeyLine): void {
  log.info('key', { kind, key, verdict, why, writes, ms })
}

/**
 * An error as fields. The message is shown of errors of ours only (those that say whether to `retry`): theirs is known
 * to hold no content, whereas a SyntaxError quotes the body and a client's error can hold headers. Of the others, and of
 * every cause, the class and the frames of the stack are shown.
 */
export function errorFields(error: unknown): Fields {
  if (!(error instanceof Error)) return { error: typeof error }
  return {
    error: error.name,
    why: isOurs(error) ? error.message : undefined,
    causes: causesOf(error),
    at: isOurs(error) ? undefined : framesOf(error),
  }
}

/** Errors of ours tell the caller what to do: the same call may succeed later, or a person has to act. */
export function isOurs(error: unknown): error is Error & { readonly retry: boolean } {
  return error instanceof Error && typeof (error as { retry?: unknown }).retry === 'boolean'
}

const MAX_CAUSES = 5
const MAX_FRAMES = 5

function causesOf(error: Error): string[] | undefined {
  const names: string[] = []
  let cause = error.cause
  while (cause instanceof Error && names.length < MAX_CAUSES) {
    names.push(cause.name)
    cause = cause.cause
  }
  return names.length === 0 ? undefined : names
}

function framesOf(error: Error): string[] {
  const stack = error.stack ?? ''
  // A message may have several lines, some of them like frames: cut behind it.
  const frames = stack.slice(Math.max(0, stack.indexOf(error.message)) + error.message.length)
  return frames
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
    .slice(0, MAX_FRAMES)
}

import { expect, test } from 'vitest'
import { InvalidError } from './cluster/errors.ts'
import { errorFields, type Level, type Log, logger, logKey } from './log.ts'

function linesOf(level: Level, run: (log: Log) => void): Record<string, unknown>[] {
  const lines: string[] = []
  run(logger(level, (line) => lines.push(line)))
  return lines.map((line) => {
    expect(line).toMatch(/^\{"time":"[^"]+","level":"[a-z]+","msg":"[^"]*".*\}\n$/)
    const { time, ...rest } = JSON.parse(line)
    expect(new Date(time).toISOString()).toBe(time)
    return rest
  })
}

function all(log: Log): void {
  log.debug('d')
  log.info('i')
  log.warn('w')
  log.error('e')
}

const levels: { given: Level; want: string[] }[] = [
  { given: 'debug', want: ['d', 'i', 'w', 'e'] },
  { given: 'info', want: ['i', 'w', 'e'] },
  { given: 'warn', want: ['w', 'e'] },
  { given: 'error', want: ['e'] },
  { given: 'silent', want: [] },
]

test.each(levels)('level $given', ({ given, want }) => {
  expect(linesOf(given, all).map((line) => line.msg)).toEqual(want)
})

test('fields stand in every line of a log with them, and replace neither each other nor the head', () => {
  const lines = linesOf('info', (log) =>
    log.with({ function: 'webhook' }).info('x', { n: 1, level: 'no', names: ['a'] }),
  )
  expect(lines).toEqual([{ level: 'info', msg: 'x', function: 'webhook', n: 1, names: ['a'] }])
})

test('the line of a key', () => {
  const line = { kind: 'pod', key: 'rome/shop/web-0', verdict: 'update', why: 'labels', writes: 1, ms: 12 }
  expect(linesOf('info', (log) => logKey(log, line))).toEqual([{ level: 'info', msg: 'key', ...line }])
})

test('an error of ours shows its message, and of its causes the class alone', () => {
  const cause = new TypeError('secret', { cause: new RangeError('secret') })
  expect(errorFields(new InvalidError('rome', 'name: too long', { cause }))).toEqual({
    error: 'InvalidError',
    why: 'cluster rome: name: too long',
    causes: ['TypeError', 'RangeError'],
    at: undefined,
  })
})

test('another error shows where it was thrown, and no word of its message', () => {
  const fields = errorFields(new SyntaxError('Unexpected token\n    at "hunter2"'))
  expect(fields).toMatchObject({ error: 'SyntaxError', why: undefined })
  expect(fields.at).toEqual(expect.arrayContaining([expect.stringContaining('log.test.ts')]))
  expect(JSON.stringify(fields)).not.toMatch(/Unexpected|hunter2/)
})

test('what is thrown without being an error shows its type alone', () => {
  expect(errorFields('hunter2')).toEqual({ error: 'string' })
})

test('a chain of causes that bites its own tail ends', () => {
  const error = new Error('x')
  error.cause = error
  expect(errorFields(error).causes).toHaveLength(5)
})

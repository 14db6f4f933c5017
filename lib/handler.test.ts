import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { ForbiddenError, UnreachableError } from './cluster/errors.ts'
import { MalformedError, TooLargeError, UnauthenticatedError } from './handler/errors.ts'
import { bodyOf, type HttpRequest, toRequest } from './handler/http.ts'
import { byShape, eventHandler, httpHandler } from './handler.ts'
import { logger } from './log.ts'

const invocation = { awsRequestId: 'r', getRemainingTimeInMillis: () => 10_000 }
const post = { version: '2.0', rawPath: '/', requestContext: { http: { method: 'POST' } }, headers: {}, body: '{}' }

function throwing(error: unknown) {
  const lines: Record<string, unknown>[] = []
  const log = logger('debug', (line) => lines.push(JSON.parse(line)))
  const run = async () => {
    throw error
  }
  return { lines, event: eventHandler(log, run), http: httpHandler(log, run) }
}

const raw = Object.assign(new Error('hunter2'), { body: 'hunter2', headers: { authorization: 'hunter2' } })

test('what a function returns is the result', async () => {
  expect(await eventHandler(logger('silent'), async (event) => ({ event }))(1, invocation)).toEqual({ event: 1 })
})

test('an error that may pass is thrown again, for the platform to repeat', async () => {
  const error = new UnreachableError('rome', 'connection refused', { cause: raw })
  const { lines, event } = throwing(error)
  await expect(event({}, invocation)).rejects.toBe(error)
  expect(lines).toMatchObject([
    {
      level: 'error',
      msg: 'failed',
      error: 'UnreachableError',
      why: 'cluster rome: connection refused',
      causes: ['Error'],
    },
  ])
})

test('an error that repeating does not help is given up', async () => {
  const { lines, event } = throwing(new ForbiddenError('rome', 'pods is forbidden'))
  expect(await event({}, invocation)).toBeNull()
  expect(lines).toMatchObject([{ level: 'error', error: 'ForbiddenError', why: 'cluster rome: pods is forbidden' }])
})

test('an error that is not ours is thrown again, and nothing of it is printed', async () => {
  const { lines, event } = throwing(raw)
  const error = await event({}, invocation).catch((error) => error)
  expect(error).toMatchObject({ name: 'UnexpectedError', cause: raw })
  // As Lambda's runtime prints an error that it gets: its own properties, and the stack.
  expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain('hunter2')
  expect(JSON.stringify(lines)).not.toContain('hunter2')
  expect(lines).toMatchObject([
    { error: 'Error', at: [expect.stringContaining('handler.test.ts'), ...Array(4).fill(expect.any(String))] },
  ])
})

const answers = [
  {
    name: 'malformed',
    given: new MalformedError('verb: expected string'),
    want: [400, { error: 'verb: expected string' }, {}],
  },
  {
    name: 'unauthenticated',
    given: new UnauthenticatedError(),
    want: [
      401,
      { error: 'a valid credential is required: Authorization: Bearer <token>' },
      { 'www-authenticate': 'Bearer' },
    ],
  },
  {
    name: 'may pass',
    given: new UnreachableError('rome', 'x'),
    want: [503, { error: 'UnreachableError' }, { 'retry-after': '2' }],
  },
  { name: 'does not pass', given: new ForbiddenError('rome', 'x'), want: [500, { error: 'unexpected' }, {}] },
  { name: 'not ours', given: raw, want: [500, { error: 'unexpected' }, {}] },
] as const

test.each(answers)('answered: $name', async ({ given, want: [statusCode, body, headers] }) => {
  const { lines, http } = throwing(given)
  const response = await http(post, invocation)
  expect({ ...response, body: JSON.parse(response.body) }).toEqual({
    statusCode,
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  expect(lines).toHaveLength(1)
  expect(lines[0]!.level).toBe(statusCode < 500 ? 'warn' : 'error')
})

test('the first row that fits is run', async () => {
  const handler = byShape([
    { is: (event) => event === 1, handler: async () => 'one' },
    { is: () => true, handler: async () => 'other' },
  ])
  expect([await handler(1, invocation), await handler(2, invocation)]).toEqual(['one', 'other'])
})

test('a payload of another form is refused', async () => {
  const response = await httpHandler(logger('silent'), async () => ({}))({ httpMethod: 'POST' }, invocation)
  expect(response).toMatchObject({ statusCode: 400 })
})

test('header names are in lower case, whoever calls', () => {
  expect(toRequest({ ...post, headers: { 'Content-Type': 'a', 'X-B': 'c' } }).headers).toEqual({
    'content-type': 'a',
    'x-b': 'c',
  })
})

const text = 'grüße'
const bodies: { name: string; given: object; want: string }[] = [
  { name: 'plain', given: { body: text }, want: text },
  { name: 'absent', given: { body: undefined }, want: '' },
  { name: 'base64', given: { body: Buffer.from(text).toString('base64'), isBase64Encoded: true }, want: text },
  {
    name: 'gzip',
    given: { body: gzipSync(text).toString('base64'), isBase64Encoded: true, headers: { 'content-encoding': 'GZIP' } },
    want: text,
  },
  { name: 'identity', given: { body: text, headers: { 'content-encoding': 'identity' } }, want: text },
]
const requestOf = (given: object): HttpRequest => toRequest({ ...post, ...given })

test.each(bodies)('body: $name', async ({ given, want }) => {
  expect((await bodyOf(requestOf(given), 30)).toString()).toBe(want)
})

const refused: { name: string; given: object; want: object }[] = [
  { name: 'too large', given: { body: `${text}!` }, want: new TooLargeError('body: expected at most 7 bytes') },
  {
    name: 'too large once unpacked',
    given: {
      body: gzipSync('x'.repeat(50)).toString('base64'),
      isBase64Encoded: true,
      headers: { 'content-encoding': 'gzip' },
    },
    want: new TooLargeError('body: expected at most 30 bytes'),
  },
  {
    name: 'no gzip',
    given: { body: text, headers: { 'content-encoding': 'gzip' } },
    want: new MalformedError('body: expected gzip'),
  },
]

test.each(refused)('body: $name', async ({ given, want }) => {
  await expect(bodyOf(requestOf(given), want === refused[1]!.want ? 30 : 7)).rejects.toStrictEqual(want)
})

test.each(['br', 'constructor', 'gzip, br'])('encoding %s is not known', async (encoding) => {
  const request = requestOf({ headers: { 'content-encoding': encoding } })
  await expect(bodyOf(request, 7)).rejects.toThrow('content-encoding: expected gzip or none')
})

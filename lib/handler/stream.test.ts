import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { logger } from '../log.ts'
import {
  BrokenOffError,
  type ResponseStream,
  type StreamedAnswer,
  type StreamRuntime,
  streamHandler,
} from './stream.ts'

/** As Lambda's: the head goes out with the first write, however little it is. */
function world(answer: (signal: AbortSignal) => Promise<StreamedAnswer>, remaining = 60_000) {
  const stream = new PassThrough()
  const heads: object[] = []
  const runtime: StreamRuntime = {
    streamifyResponse: (handler) => handler,
    HttpResponseStream: {
      from(out, head) {
        const write = (chunk: string | Uint8Array) => {
          if (heads.length === 0) heads.push(head)
          return chunk.length === 0 || out.write(chunk)
        }
        const { end, on, off } = stream
        return { write, end: end.bind(stream), on: on.bind(stream), off: off.bind(stream) } as ResponseStream
      },
    },
  }
  const lines: Record<string, unknown>[] = []
  const log = logger('debug', (line) => lines.push(JSON.parse(line)))
  const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => remaining }
  const handler = streamHandler(log, (_event, signal) => answer(signal), runtime)
  return { stream, heads, lines, done: handler({}, stream as ResponseStream, context) }
}

test('text is an answer', async () => {
  const { stream, heads, lines, done } = world(async () => ({ status: 400, body: 'no', told: { home: 'rome' } }))
  await done
  expect(await stream.toArray()).toEqual([Buffer.from('no')])
  expect(heads).toMatchObject([{ statusCode: 400 }])
  expect(lines).toMatchObject([{ msg: 'answered', status: 400, home: 'rome', bytes: 2, end: 'whole' }])
})

test('head and pieces go on at once', async () => {
  const body = new PassThrough()
  const { stream, heads, lines, done } = world(async () => ({ status: 200, body }))
  await Promise.resolve()
  for (const piece of ['a', 'b']) {
    body.write(piece)
    expect(String((await once(stream, 'data'))[0])).toBe(piece)
    expect(heads).toHaveLength(1)
  }
  body.end()
  await done
  expect(lines).toMatchObject([{ bytes: 2, end: 'whole' }])
})

test('what lasts longer than the invocation ends in time, and whole as far as it went', async () => {
  const body = new PassThrough()
  body.write('a')
  let told: AbortSignal | undefined
  const run = async (signal: AbortSignal) => {
    told = signal
    return { status: 200, body }
  }
  const { stream, lines, done } = world(run, 1050)
  await done
  expect(await stream.toArray()).toEqual([Buffer.from('a')])
  expect([body.destroyed, told?.aborted]).toEqual([true, true])
  expect(lines).toMatchObject([{ level: 'info', end: 'time', bytes: 1 }])
})

test('when the caller goes away the source is let go', async () => {
  const body = new PassThrough()
  const { stream, lines, done } = world(async () => ({ status: 200, body }))
  stream.destroy()
  await done
  expect(body.destroyed).toBe(true)
  expect(lines).toMatchObject([{ end: 'gone' }])
})

test('a caller that reads slowly holds the source back', async () => {
  const body = new PassThrough()
  const { stream, done } = world(async () => ({ status: 200, body }))
  const size = 1 << 20
  body.end(Buffer.alloc(size))
  const read = stream.toArray()
  await done
  expect(Buffer.concat(await read)).toHaveLength(size)
})

test('a source that breaks breaks the answer', async () => {
  const body = new PassThrough()
  const { lines, done } = world(async () => ({ status: 200, body }))
  body.destroy(new Error('hunter2'))
  await expect(done).rejects.toThrow(BrokenOffError)
  expect(JSON.stringify(lines)).not.toContain('hunter2')
})

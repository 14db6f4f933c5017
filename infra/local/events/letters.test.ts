import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDeadLetters } from './letters.ts'

let dir: string
beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'heliograph-letters-')), 'queue')
})
afterEach(() => rm(join(dir, '..'), { recursive: true }))

const attributes = {
  RULE_ARN: 'arn:aws:events:r:1:rule/x',
  TARGET_ARN: 'arn:aws:lambda:r:1:function:pod',
  ERROR_CODE: 'NO_RESOURCE',
  ERROR_MESSAGE: 'gone',
  EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
  RETRY_ATTEMPTS: '4',
}
const record = {
  requestContext: {
    functionArn: 'arn:aws:lambda:r:1:function:pod:$LATEST',
    condition: 'RetriesExhausted',
    approximateInvokeCount: 3,
  },
  requestPayload: { id: '2' },
  responsePayload: { errorType: 'TypeError', errorMessage: 'no' },
}

test('both kinds of message read alike, oldest first', async () => {
  const letters = openDeadLetters(dir)
  expect(await letters.list()).toEqual([])
  await letters.put({ queue: 'q', attributes, body: '{"id":"1"}' })
  await letters.put({ queue: 'q', attributes: {}, body: JSON.stringify(record) })
  const common = {
    id: expect.any(String),
    at: expect.any(Number),
    queue: 'q',
    functionArn: 'arn:aws:lambda:r:1:function:pod',
  }
  expect(await letters.list()).toEqual([
    { ...common, event: { id: '1' }, error: 'NO_RESOURCE: gone', condition: 'MaximumRetryAttempts', tries: 5 },
    { ...common, event: { id: '2' }, error: 'TypeError: no', condition: 'RetriesExhausted', tries: 3 },
  ])
})

test('one file for each, readable by its owner alone, until it is removed', async () => {
  const letters = openDeadLetters(dir)
  await letters.put({ queue: 'q', attributes, body: '{}' })
  const [file = ''] = await readdir(dir)
  expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600)
  await letters.remove((await letters.list())[0]?.id ?? '')
  expect(await readdir(dir)).toEqual([])
})

import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { answer, type FakeApiServer, fakeApiServer } from '../../test/contract/fake-api-server.ts'
import { loadCredentials } from './credentials.ts'
import { UnreachableError } from './errors.ts'
import { createTransport, type Transport } from './transport.ts'

let fake: FakeApiServer
let transport: Transport
let tokens: string[]
beforeEach(async () => {
  fake = await fakeApiServer({ http1: true })
  tokens = ['first', 'second']
  const token = async () => ({ token: tokens.shift() ?? 'none' })
  const credentials = await loadCredentials('milan', { server: `${fake.url}/base/`, ca: fake.ca, token })
  transport = createTransport({ id: 'milan', credentials, caller: 'kubelet', timeoutMs: 300 })
})
afterEach(async () => {
  transport.close()
  await fake.stop()
})

const { signal } = new AbortController()

test('pieces arrive as they are written, for longer than a request may take', async () => {
  fake.handler = ({ headers }, response) => {
    response.writeHead(200, { agent: String(headers['user-agent']), token: String(headers.authorization) })
    response.write('one\n')
    setTimeout(() => response.end('two\n'), 500)
  }
  const { status, headers, body } = await transport.stream('/log?follow=true', signal)
  expect([status, headers.token]).toEqual([200, 'Bearer first'])
  expect(headers.agent).toMatch(/^heliograph\/.* \(kubelet\)$/)
  expect((await body.toArray()).map(String)).toEqual(['one\n', 'two\n'])
  expect(fake.seen).toEqual(['GET /base/log?follow=true'])
})

test('the reader ends it, and the server hears of it', async () => {
  const closed = Promise.withResolvers<void>()
  fake.handler = (_request, response) => {
    response.write('one\n')
    response.on('close', closed.resolve)
  }
  const over = new AbortController()
  const { body } = await transport.stream('/log', over.signal)
  body.on('error', () => {})
  await once(body, 'data')
  over.abort()
  await closed.promise
})

test('a refused credential is renewed once', async () => {
  fake.handler = ({ headers }, response) => answer(response, headers.authorization === 'Bearer second' ? 200 : 401, {})
  expect((await transport.stream('/log', signal)).status).toBe(200)
  tokens = ['third', 'fourth']
  fake.handler = (_request, response) => answer(response, 401, {})
  expect((await transport.stream('/log', signal)).status).toBe(401)
})

test('no answer in time, and nobody there', async () => {
  fake.handler = () => {}
  await expect(transport.stream('/log', signal)).rejects.toThrow(UnreachableError)
  await fake.stop()
  await expect(transport.stream('/log?a=b', signal)).rejects.toThrow(/no answer to GET \/log from .*ECONNREFUSED/)
})

import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { CredentialsError, CredentialsUnreadableError } from './errors.ts'
import { followingTransport } from './following.ts'

/** A cluster that takes one token, and what is kept elsewhere. */
function world() {
  const state = { kept: 'a', cached: 'a', accepted: 'a', opened: [] as string[], closed: [] as string[], reads: 0 }
  const transport = followingTransport({
    id: 'rome',
    async read(again) {
      state.reads++
      if (again) state.cached = state.kept
      return { token: state.cached }
    },
    async open({ token }) {
      state.opened.push(token)
      const status = () => (token === state.accepted ? 200 : 401)
      return {
        id: 'rome',
        request: async () => ({ status: status(), headers: {}, text: token }),
        stream: async () => ({ status: status(), headers: {}, body: Readable.from([token]) }),
        close: () => void state.closed.push(token),
      }
    },
  })
  return { state, transport }
}

test('nothing is read or opened before the first request, and one transport serves all', async () => {
  const { state, transport } = world()
  expect(state).toMatchObject({ reads: 0, opened: [] })
  const replies = await Promise.all([1, 2, 3].map(() => transport.request('GET', '/x')))
  expect(replies.map(({ text }) => text)).toEqual(['a', 'a', 'a'])
  expect(state.opened).toEqual(['a'])
})

test('after 401 the settings are read again, and the request is sent with what is new', async () => {
  const { state, transport } = world()
  await transport.request('GET', '/x')
  Object.assign(state, { kept: 'b', accepted: 'b' })
  const replies = await Promise.all([1, 2].map(() => transport.request('GET', '/x')))
  expect(replies.map(({ status, text }) => [status, text])).toEqual([
    [200, 'b'],
    [200, 'b'],
  ])
  expect(state).toMatchObject({ opened: ['a', 'b'], closed: ['a'] })
  const stream = await transport.stream('/logs', new AbortController().signal)
  expect(stream.status).toBe(200)
})

test('a stream that is refused is asked for again too', async () => {
  const { state, transport } = world()
  await transport.request('GET', '/x')
  Object.assign(state, { kept: 'b', accepted: 'b' })
  const { body } = await transport.stream('/logs', new AbortController().signal)
  expect((await body.toArray()).join('')).toBe('b')
})

test('where nothing is new, 401 is the answer', async () => {
  const { state, transport } = world()
  state.accepted = 'other'
  expect(await transport.request('GET', '/x')).toMatchObject({ status: 401 })
  expect(state.opened).toEqual(['a'])
})

test('what changed in the meantime is taken up without a refusal', async () => {
  const { state, transport } = world()
  await transport.request('GET', '/x')
  Object.assign(state, { cached: 'b', accepted: 'b' })
  expect(await transport.request('GET', '/x')).toMatchObject({ status: 200, text: 'b' })
})

test('a failure to read is one of this cluster, and the next request tries again', async () => {
  let fails = true
  const transport = followingTransport({
    id: 'rome',
    read: async () => (fails ? Promise.reject(new Error('CLUSTER_ROME_TOKEN: gone')) : {}),
    open: async () => Promise.reject(new CredentialsError('rome', 'no URL')),
  })
  await expect(transport.request('GET', '/x')).rejects.toThrow(
    new CredentialsUnreadableError('rome', 'CLUSTER_ROME_TOKEN: gone'),
  )
  fails = false
  await expect(transport.request('GET', '/x')).rejects.toThrow(new CredentialsError('rome', 'no URL'))
  transport.close()
})

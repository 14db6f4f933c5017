import { expect, test } from 'vitest'
import { shopContext as context } from '../../../test/support/context.ts'
import { UnreachableError } from '../../cluster/errors.ts'
import type { KubeObject } from '../../cluster/port.ts'
import { askOf } from './ask.ts'
import { isDue, tokenIn, tokenSecret } from './secret.ts'
import { isFresh, type Token, tokenSources } from './tokens.ts'

const volumes = [
  { name: 'a', projected: { sources: [{ serviceAccountToken: { path: 'token' } }, { configMap: { name: 'c' } }] } },
  { name: 'b', emptyDir: {} },
  {
    name: 'v',
    projected: { sources: [{ serviceAccountToken: { audience: 'vault', expirationSeconds: 600, path: 'p/t' } }] },
  },
]
const pod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', uid: 'p1' },
  spec: { serviceAccountName: 'x'.repeat(80), volumes },
}

const [first, second] = tokenSources(pod)
const at = Date.parse('2026-03-02T10:00:00Z')
const token: Token = { ...second!, token: 't', expiration: '2026-03-02T10:10:00Z' }

test('the tokens that a pod projects', () => {
  expect([first, second]).toEqual([
    { key: 'a-3c469e', audience: '', expirationSeconds: 3600 },
    { key: expect.stringMatching(/^v-[0-9a-f]{6}$/), audience: 'vault', expirationSeconds: 600 },
  ])
})

test.each<{ name: string; given: Token; seconds: number; want: boolean }>([
  { name: 'until a fifth of its life is left', given: token, seconds: 479, want: true },
  { name: 'not with a fifth left', given: token, seconds: 480, want: false },
  { name: 'not if there is none', given: { ...token, token: '' }, seconds: 0, want: false },
  { name: 'not if nobody knows its end', given: { ...token, expiration: '' }, seconds: 0, want: false },
])('a token is fresh $name', ({ given, seconds, want }) => {
  expect(isFresh(given, at + seconds * 1000)).toBe(want)
})

test('the Secret gives back what was put in, each token with its own end', () => {
  const other: Token = { ...first!, token: 'u', expiration: '2026-03-02T11:00:00Z' }
  const secret = tokenSecret(pod, [other, token], context)
  expect([tokenIn(secret, first!), tokenIn(secret, second!)]).toEqual([other, token])
  expect(secret.metadata.labels?.['offloading.liqo.io/service-account-name']).toBe('x'.repeat(63))
  expect(secret.metadata.annotations).toMatchObject({
    'offloading.liqo.io/service-account-expiration': '2026-03-02T10:10:00Z',
    'heliograph.io/token-refresh': '2026-03-02T10:08:00Z',
  })
  expect([isDue(secret, at + 479_000), isDue(secret, at + 480_000)]).toEqual([false, true])
})

test('of a Secret that Liqo made all tokens end at its one time, and it is due', () => {
  const annotations = { 'offloading.liqo.io/service-account-expiration': '2026-03-02T10:10:00Z' }
  const data = { [second!.key]: 'dA==' }
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'web-token', annotations }, data }
  expect(tokenIn(secret, second!)).toEqual(token)
  expect(isDue(secret, at)).toBe(true)
})

test('a token is asked for by the API, bound to the pod', async () => {
  const calls: unknown[] = []
  const status = { token: 't', expirationTimestamp: token.expiration }
  const ask = askOf({
    id: 'rome',
    request: async (method, path, { body } = {}) => {
      calls.push([method, path, JSON.parse(String(body)).spec])
      return { status: 201, headers: {}, text: JSON.stringify({ status }) } as never
    },
  })
  expect(await ask({ ...pod, spec: {} }, second!)).toEqual(token)
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'p1' }
  expect(calls).toEqual([
    [
      'POST',
      '/api/v1/namespaces/shop/serviceaccounts/default/token',
      { audiences: ['vault'], expirationSeconds: 600, boundObjectRef },
    ],
  ])
})

test.each([['{"status":{"token":"hunter2"'], ['{"status":{"token":"hunter2"}}']])(
  'an answer cut off is an error that does not tell the token: %s',
  async (text) => {
    const ask = askOf({ id: 'rome', request: async () => ({ status: 201, headers: {}, text }) as never })
    const error = await ask(pod, second!).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UnreachableError)
    expect(String(error)).not.toContain('hunter2')
  },
)

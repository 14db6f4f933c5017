import { expect, test } from 'vitest'
import { UnauthenticatedError } from '../handler/errors.ts'
import { authenticator, credentialOf, SharedTokenError } from './authenticate.ts'

const authenticate = authenticator([
  { id: 'rome', webhookTokens: ['rome-new', 'rome-old'] },
  { id: 'milan', webhookTokens: ['milan-1'] },
  { id: 'turin', webhookTokens: [] },
  { id: 'genoa', webhookTokens: [''] },
])

test.each([
  { given: 'rome-new', want: 'rome' },
  { given: 'rome-old', want: 'rome' },
  { given: 'milan-1', want: 'milan' },
])('$given is $want', ({ given, want }) => {
  expect(authenticate(given)).toBe(want)
})

test.each([undefined, '', 'rome', 'rome-ne', 'rome-new ', 'ROME-NEW', 'x'.repeat(10_000)])(
  '"%s" is nobody',
  (given) => {
    expect(() => authenticate(given)).toThrow(new UnauthenticatedError())
  },
)

test('missing and wrong are told the same', () => {
  const refusals = [undefined, 'wrong'].map((token) => {
    try {
      return authenticate(token)
    } catch (error) {
      const { message, status, headers } = error as UnauthenticatedError
      return { message, status, headers }
    }
  })
  expect(refusals[0]).toEqual(refusals[1])
  expect(refusals[0]).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } })
})

test('two clusters cannot share a token', () => {
  const clusters = [
    { id: 'rome', webhookTokens: ['a', 'b'] },
    { id: 'milan', webhookTokens: ['c', 'b'] },
  ]
  expect(() => authenticator(clusters)).toThrow(new SharedTokenError('rome', 'milan'))
})

test('one cluster may name a token twice', () => {
  expect(authenticator([{ id: 'rome', webhookTokens: ['a', 'a'] }])('a')).toBe('rome')
})

const credentials: { name: string; headers: Record<string, string>; path: string; want: string | undefined }[] = [
  { name: 'header', headers: { authorization: 'Bearer abc' }, path: '/', want: 'abc' },
  { name: 'header, other case', headers: { authorization: 'bearer  abc ' }, path: '/', want: 'abc' },
  { name: 'another scheme', headers: { authorization: 'Basic abc' }, path: '/', want: undefined },
  { name: 'a scheme alone', headers: { authorization: 'Bearer ' }, path: '/', want: undefined },
  { name: 'path', headers: {}, path: '/token/abc', want: 'abc' },
  { name: 'path behind a stage, slash at the end', headers: {}, path: '/default/hook/token/abc/', want: 'abc' },
  { name: 'the header goes first', headers: { authorization: 'Bearer abc' }, path: '/token/def', want: 'abc' },
  { name: 'another path', headers: {}, path: '/token/abc/def', want: undefined },
  { name: 'none', headers: {}, path: '/', want: undefined },
]

test.each(credentials)('credential: $name', ({ headers, path, want }) => {
  expect(credentialOf(headers, path)).toBe(want)
})

import { describe, expect, test } from 'vitest'
import { plainSecrets } from '../../test/support/secrets.ts'
import { SecretError, type Secrets } from '../aws/secrets.ts'
import type { SecretReference } from '../config/secret.ts'
import { UnauthenticatedError } from '../handler/errors.ts'
import { authenticator, credentialOf, SharedTokenError } from './authenticate.ts'

describe('tokens of the environment', () => {
  const authenticate = authenticator(
    [
      { id: 'rome', webhookTokens: ['rome-new', 'rome-old'] },
      { id: 'milan', webhookTokens: ['milan-1'] },
      { id: 'turin', webhookTokens: [] },
      { id: 'genoa', webhookTokens: [''] },
    ],
    plainSecrets,
  )

  test.each([
    { given: 'rome-new', want: 'rome' },
    { given: 'rome-old', want: 'rome' },
    { given: 'milan-1', want: 'milan' },
  ])('$given is $want', async ({ given, want }) => {
    expect(await authenticate(given)).toBe(want)
  })

  test.each([undefined, '', 'rome', 'rome-ne', 'rome-new ', 'ROME-NEW', 'x'.repeat(10_000)])(
    '"%s" is nobody',
    async (given) => {
      await expect(authenticate(given)).rejects.toThrow(new UnauthenticatedError())
    },
  )

  test('missing and wrong are told the same', async () => {
    const refusals = await Promise.allSettled([undefined, 'wrong'].map(authenticate))
    const [missing, wrong] = refusals.map((refusal) => {
      const { message, status, headers } = (refusal as PromiseRejectedResult).reason as UnauthenticatedError
      return { message, status, headers }
    })
    expect(missing).toEqual(wrong)
    expect(missing).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } })
  })

  test('two clusters cannot share a token', () => {
    const clusters = [
      { id: 'rome', webhookTokens: ['a', 'b'] },
      { id: 'milan', webhookTokens: ['c', 'b'] },
    ]
    expect(() => authenticator(clusters, plainSecrets)).toThrow(new SharedTokenError('rome', 'milan'))
  })

  test('one cluster may name a token twice', async () => {
    expect(await authenticator([{ id: 'rome', webhookTokens: ['a', 'a'] }], plainSecrets)('a')).toBe('rome')
  })
})

describe('tokens that are kept elsewhere', () => {
  const reference = (id: string): SecretReference => ({ variable: 'CLUSTER_X_WEBHOOK_TOKEN', service: 'ssm', id })
  const clusters = [
    { id: 'rome', webhookTokens: [reference('rome')] },
    { id: 'milan', webhookTokens: ['milan-1', reference('milan')] },
  ]

  /** What is read, and what is read once it was refused; a text that is missing cannot be read. */
  const kept = (first: Record<string, string>, later = first) => {
    const asked: boolean[] = []
    const secrets: Secrets = {
      async read(secret, { again = false } = {}) {
        const { id } = secret as SecretReference
        asked.push(again)
        const text = (again ? later : first)[id]
        if (text === undefined) throw new SecretError(secret as SecretReference, 'it does not exist')
        return text
      },
    }
    return { asked, authenticate: authenticator(clusters, secrets) }
  }

  test('one may hold several, by comma', async () => {
    const { authenticate } = kept({ rome: 'new, old,', milan: 'milan-2' })
    expect(await Promise.all(['new', 'old', 'milan-1', 'milan-2'].map(authenticate))).toEqual([
      'rome',
      'rome',
      'milan',
      'milan',
    ])
    await expect(authenticate('')).rejects.toThrow(UnauthenticatedError)
  })

  test('are read again when none matches, and only then', async () => {
    const { asked, authenticate } = kept({ rome: 'old', milan: 'm' }, { rome: 'new', milan: 'm' })
    expect(await authenticate('old')).toBe('rome')
    expect(asked).toEqual([false, false])
    expect(await authenticate('new')).toBe('rome')
    expect(asked.slice(2)).toEqual([false, false, true, true])
    await expect(authenticate('guess')).rejects.toThrow(UnauthenticatedError)
  })

  test('are not read again for a caller without a token', async () => {
    const { asked, authenticate } = kept({ rome: 'r', milan: 'm' })
    await expect(authenticate(undefined)).rejects.toThrow(UnauthenticatedError)
    expect(asked).toEqual([false, false])
  })

  test('of one cluster that cannot be read hinder no other; who may be its caller is told to repeat', async () => {
    const { authenticate } = kept({ milan: 'm' })
    expect(await authenticate('m')).toBe('milan')
    expect(await authenticate('milan-1')).toBe('milan')
    await expect(authenticate('r')).rejects.toThrow('CLUSTER_X_WEBHOOK_TOKEN: ssm rome: it does not exist')
  })

  test('two clusters cannot share one', async () => {
    await expect(kept({ rome: 'milan-1', milan: 'm' }).authenticate('m')).rejects.toThrow(
      new SharedTokenError('milan', 'rome'),
    )
  })
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

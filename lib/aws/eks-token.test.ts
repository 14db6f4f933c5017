import { expect, test } from 'vitest'
import { verifyEksToken } from '../../test/support/eks-authenticator.ts'
import { eksToken } from './eks-token.ts'

const ROLE = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'wJalr/EXAMPLE+KEY', sessionToken: 'IQoJb3J/+token==' }
const USER = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'another' }
const NOW = Date.UTC(2026, 10, 23, 17)
const MINUTE = 60_000
const prod = { name: 'prod', region: 'eu-west-1' }
const verify = (token: string, change: Partial<Parameters<typeof verifyEksToken>[1]> = {}) =>
  verifyEksToken(token, { cluster: 'prod', signers: [ROLE, USER], now: NOW, ...change })

test.each([
  { name: 'a role', keys: ROLE, region: 'eu-west-1' },
  { name: 'a user, without a session token', keys: USER, region: 'us-gov-west-1' },
  { name: 'a role with a long session token', keys: { ...ROLE, sessionToken: 'x'.repeat(1500) }, region: 'eu-west-1' },
  { name: 'a role in China', keys: ROLE, region: 'cn-north-1' },
])('the cluster accepts a token of $name', async ({ keys, region }) => {
  const { token } = eksToken({ name: 'prod', region }, keys, NOW)
  expect(await verify(token, { signers: [keys] })).toBe(keys.accessKeyId)
})

test('it is good for 15 minutes, and says so', async () => {
  const { token, expiresAt } = eksToken(prod, ROLE, NOW)
  expect(expiresAt).toBe(NOW + 15 * MINUTE)
  await verify(token, { now: NOW + 15 * MINUTE })
  await expect(verify(token, { now: NOW + 15 * MINUTE + 1 })).rejects.toThrow('expired')
})

test('it is good for one cluster, one role, one session', async () => {
  const { token } = eksToken(prod, ROLE, NOW)
  await expect(verify(token, { cluster: 'stage' })).rejects.toThrow('SignatureDoesNotMatch')
  await expect(verify(token, { signers: [{ ...ROLE, secretAccessKey: 'x' }] })).rejects.toThrow('SignatureDoesNotMatch')
  await expect(verify(token, { signers: [{ ...ROLE, sessionToken: 'x' }] })).rejects.toThrow('InvalidClientTokenId')
  await expect(verify(token, { signers: [USER] })).rejects.toThrow('InvalidClientTokenId')
})

const changed = (token: string, change: (url: string) => string) =>
  `k8s-aws-v1.${Buffer.from(change(Buffer.from(token.slice(11), 'base64url').toString())).toString('base64url')}`

test.each([
  { name: 'a parameter twice', change: (url: string) => `${url}&Action=GetCallerIdentity`, want: 'multiple values' },
  { name: 'one more parameter', change: (url: string) => `${url}&a=b`, want: 'non-whitelisted' },
  { name: 'another host', change: (url: string) => url.replace('sts.eu', 'sts.evil.eu'), want: 'hostname' },
  { name: 'a path', change: (url: string) => url.replace('/?', '/a?'), want: 'path' },
  { name: 'no TLS', change: (url: string) => url.replace('https', 'http'), want: 'scheme' },
  { name: 'another action', change: (url: string) => url.replace('GetCaller', 'PutCaller'), want: 'action' },
  { name: 'later', change: (url: string) => url.replace('T170000Z', 'T170100Z'), want: 'SignatureDoesNotMatch' },
  { name: 'no cluster', change: (url: string) => url.replace('%3Bx-k8s-aws-id', ''), want: 'is not signed' },
])('a token that was changed is refused: $name', async ({ change, want }) => {
  await expect(verify(changed(eksToken(prod, ROLE, NOW).token, change))).rejects.toThrow(want)
})

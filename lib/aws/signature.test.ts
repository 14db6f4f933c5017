import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Sha256 } from '../../test/support/sha256.ts'
import { ALGORITHM, credentialScope, signatureOf, signedHeaders, toAmzDate, toQuery } from './signature.ts'

const word = fc.string({ unit: fc.constantFrom(..."aZ09-_.~ !'()*/+=&é"), minLength: 1, maxLength: 12 })
const pairs = (prefix: string) =>
  fc
    .array(fc.tuple(fc.stringMatching(/^[a-z0-9-]{1,8}$/), word), { maxLength: 4 })
    .map((entries) => Object.fromEntries(entries.map(([name, value]) => [prefix + name, value])))

test('the same as the SDK’s signer makes, whatever is signed', async () => {
  const request = fc.record({
    method: fc.constantFrom('GET', 'POST'),
    query: pairs('Q'),
    headers: pairs('x-amz-meta-'),
    body: fc.string({ unit: 'grapheme' }),
    secretAccessKey: fc.base64String({ minLength: 1, maxLength: 40 }),
    time: fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
    region: fc.constantFrom('eu-west-1', 'us-gov-east-1'),
    service: fc.constantFrom('secretsmanager', 'ssm', 'sts'),
  })
  await fc.assert(
    fc.asyncProperty(request, async ({ secretAccessKey, time, region, service, ...given }) => {
      const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey }
      const signer = new SignatureV4({ credentials, region, service, sha256: Sha256, applyChecksum: false })
      const date = toAmzDate(time.getTime())
      const headers = { ...given.headers, host: 'a.example', 'x-amz-date': date }
      const signed = await signer.sign(
        { ...given, headers, protocol: 'https:', hostname: 'a.example', path: '/' },
        { signingDate: time },
      )
      const scope = { date, region, service }
      const signature = signatureOf({ ...given, path: '/', headers }, scope, secretAccessKey)
      expect(
        `${ALGORITHM} Credential=AKIDEXAMPLE/${credentialScope(scope)}, SignedHeaders=${signedHeaders({ headers })}, Signature=${signature}`,
      ).toBe(signed.headers.authorization)
    }),
    { numRuns: 200 },
  )
})

test('a query is ordered and escaped as it is signed', () => {
  expect(toQuery({ b: "it's (a) *", a: '/+é', 'X-A': '1' })).toBe('X-A=1&a=%2F%2B%C3%A9&b=it%27s%20%28a%29%20%2A')
})

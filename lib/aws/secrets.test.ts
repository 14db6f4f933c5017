import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignatureV4 } from '@smithy/signature-v4'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Sha256 } from '../../test/support/sha256.ts'
import type { SecretReference } from '../config/secret.ts'
import { createSecrets, SecretError } from './secrets.ts'
import type { AwsSettings } from './settings.ts'

const VALUE = 'hunter2'
const rome: SecretReference = { variable: 'CLUSTER_ROME_TOKEN', service: 'secretsmanager', id: 'heliograph/rome' }
const keyed: SecretReference = { ...rome, key: 'token' }
const parameter: SecretReference = { ...rome, service: 'ssm', id: '/heliograph/rome' }

interface Call {
  headers: IncomingHttpHeaders
  body: string
}

/** Stands for the services where they misbehave: moto plays them in secrets.real.test.ts. */
let server: Server
let calls: Call[]
let answers: { status: number; body: unknown }[]
let aws: AwsSettings
let time: number

const value = (text: string) => ({ status: 200, body: { SecretString: text } })
const refused = (type: string, message = '', status = 400) => ({ status, body: { __type: type, message } })

beforeEach(async () => {
  calls = []
  answers = []
  time = 0
  server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    calls.push({ headers: request.headers, body })
    // The last one stays.
    const answer = (answers.length > 1 ? answers.shift() : answers[0])!
    response.writeHead(answer.status).end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  aws = {
    region: 'eu-west-1',
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'key',
    sessionToken: 'session',
    endpoints: { secretsmanager: url, ssm: url },
  }
})
afterEach(() => server.close())

const TTL = 300_000
const secrets = (settings = aws) => createSecrets({ aws: settings, ttlMs: TTL }, () => time)

async function errorOf(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  expect(error).toMatchObject({ retry: true })
  const { message } = error as Error
  expect(message).not.toContain(VALUE)
  return message
}

describe('what is sent', () => {
  test('is signed as the SDK would, and asks for one secret', async () => {
    answers = [value(VALUE)]
    expect(await secrets().read(rome)).toBe(VALUE)
    const [{ headers, body } = { headers: {}, body: '' }] = calls
    expect(headers['x-amz-target']).toBe('secretsmanager.GetSecretValue')
    expect(JSON.parse(body)).toEqual({ SecretId: 'heliograph/rome' })
    const { host = '', authorization, connection: _, 'content-length': __, ...signed } = headers
    const signer = new SignatureV4({
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'key', sessionToken: 'session' },
      region: 'eu-west-1',
      service: 'secretsmanager',
      sha256: Sha256,
      applyChecksum: false,
    })
    const wanted = await signer.sign(
      {
        method: 'POST',
        protocol: 'http:',
        hostname: host,
        path: '/',
        query: {},
        headers: { ...(signed as Record<string, string>), host },
        body,
      },
      { signingDate: new Date(toIso(signed['x-amz-date'])) },
    )
    expect(authorization).toBe(wanted.headers.authorization)
  })

  test('asks for a parameter decrypted', async () => {
    answers = [{ status: 200, body: { Parameter: { Value: VALUE } } }]
    expect(await secrets().read(parameter)).toBe(VALUE)
    expect(calls[0]?.headers['x-amz-target']).toBe('AmazonSSM.GetParameter')
    expect(JSON.parse(calls[0]?.body ?? '')).toEqual({ Name: '/heliograph/rome', WithDecryption: true })
  })

  test('goes to the region of an ARN', async () => {
    answers = [value(VALUE)]
    const id = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:rome-AbCdEf'
    await secrets().read({ ...rome, id })
    expect(calls[0]?.headers.authorization).toContain('/us-east-1/secretsmanager/')
  })
})

function toIso(date: unknown): string {
  return String(date).replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')
}

describe('how often it is read', () => {
  test('a plain value never', async () => {
    expect(await secrets().read('plain')).toBe('plain')
    expect(calls).toEqual([])
  })

  test('once for all who ask, and for all members of one object', async () => {
    answers = [value(JSON.stringify({ token: VALUE, ca: 'PEM' }))]
    const { read } = secrets()
    expect(await Promise.all([read(keyed), read(keyed), read({ ...rome, key: 'ca' })])).toEqual([VALUE, VALUE, 'PEM'])
    expect(calls).toHaveLength(1)
  })

  test('again when its time is up', async () => {
    answers = [value('old'), value('new')]
    const { read } = secrets()
    await read(rome)
    time = TTL - 1
    expect(await read(rome)).toBe('old')
    time = TTL
    expect(await read(rome)).toBe('new')
  })

  test('again when it was refused, but not more often than every 10 s, whatever comes', async () => {
    answers = [value('old'), value('new'), value('newer')]
    const { read } = secrets()
    await read(rome)
    expect(await read(rome, { again: true })).toBe('old')
    time = 10_000
    expect(await Promise.all(Array.from({ length: 50 }, () => read(rome, { again: true })))).toEqual(
      Array.from({ length: 50 }, () => 'new'),
    )
    time = 19_999
    expect(await read(rome, { again: true })).toBe('new')
    time = 20_000
    expect(await read(rome, { again: true })).toBe('newer')
    expect(calls).toHaveLength(3)
  })

  test('a failure is one too, and lasts no longer than that', async () => {
    answers = [refused('ResourceNotFoundException'), value(VALUE)]
    const { read } = secrets()
    const first = await errorOf(read(rome))
    expect(await errorOf(read(rome))).toBe(first)
    expect(calls).toHaveLength(1)
    time = 10_000
    expect(await read(rome)).toBe(VALUE)
  })
})

describe('when the service does not answer', () => {
  test('the call is repeated', async () => {
    answers = [refused('InternalServiceError', '', 500), refused('ThrottlingException'), value(VALUE)]
    expect(await secrets().read(rome)).toBe(VALUE)
  })

  test('what was read before is used on, and asked for again soon', async () => {
    answers = [value('old'), ...Array.from({ length: 3 }, () => ({ status: 502, body: '<html>' })), value('new')]
    const { read } = secrets()
    await read(rome)
    time = TTL
    expect(await read(rome)).toBe('old')
    time += 10_000
    expect(await read(rome)).toBe('new')
  })

  test('nothing that was read before is told so', async () => {
    answers = [{ status: 502, body: '<html>' }]
    expect(await errorOf(secrets().read(rome))).toBe(
      'CLUSTER_ROME_TOKEN: secretsmanager heliograph/rome: no answer in eu-west-1 (HTTP 502); it is tried again',
    )
    server.close()
    server.closeAllConnections()
    expect(await errorOf(secrets().read(rome))).toMatch(/no answer in eu-west-1 \(ECONN/)
  })
})

const denied = 'User: arn:aws:sts::1:assumed-role/a is not authorized to perform: x'

test.each([
  {
    name: 'it is not there',
    answer: refused('ResourceNotFoundException'),
    want: 'it does not exist in eu-west-1; create it there, or correct the reference',
  },
  {
    name: 'the role may not',
    answer: refused('AccessDeniedException', denied),
    want: `AccessDeniedException: ${denied}; allow secretsmanager:GetSecretValue on it, and kms:Decrypt on its key, to the role of this function`,
  },
  {
    name: 'another refusal, by its long name',
    answer: refused('com.amazonaws.a#InvalidRequestException', 'marked for\ndeletion'),
    want: 'InvalidRequestException: marked for deletion',
  },
  {
    name: 'binary',
    answer: { status: 200, body: { SecretBinary: VALUE } },
    want: 'it holds no text; store it as text',
  },
  { name: 'no JSON', answer: value(`{"${VALUE}`), want: 'it holds no JSON object with text under "token"' },
  {
    name: 'no such key',
    answer: value(`{"other":"${VALUE}"}`),
    want: 'it holds no JSON object with text under "token"',
  },
  {
    name: 'no text there',
    answer: value('{"token":{"a":1}}'),
    want: 'it holds no JSON object with text under "token"',
  },
])('says what is wrong: $name', async ({ answer, want }) => {
  answers = [answer]
  expect(await errorOf(secrets().read(keyed))).toContain(`CLUSTER_ROME_TOKEN: secretsmanager heliograph/rome: ${want}`)
})

test('what was refused for good is not used on', async () => {
  answers = [value('old'), refused('AccessDeniedException')]
  const { read } = secrets()
  await read(rome)
  time = TTL
  await expect(read(rome)).rejects.toThrow(SecretError)
})

test.each(['accessKeyId', 'secretAccessKey', 'region'] as const)(
  'without %s the variable to set is named',
  async (missing) => {
    const { [missing]: _, ...rest } = aws
    const name = { accessKeyId: 'AWS_ACCESS_KEY_ID', secretAccessKey: 'AWS_SECRET_ACCESS_KEY', region: 'AWS_REGION' }[
      missing
    ]
    const message = await errorOf(secrets(rest).read(rome))
    expect(message).toContain('CLUSTER_ROME_TOKEN')
    expect(message).toMatch(new RegExp(`${name}(:| is) missing`))
  },
)

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { createAuthority, mintClient } from '../../infra/controlplane/pki.ts'
import { answer, fakeApiServer } from '../../test/contract/fake-api-server.ts'
import { type CredentialSource, loadCredentials } from './credentials.ts'
import { CredentialsError } from './errors.ts'
import { createTransport } from './transport.ts'

const CA = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
const CA_DATA = Buffer.from(CA).toString('base64')
const SECRET = 'hunter2-token'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-credentials-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

interface Parts {
  user?: object
  cluster?: object
  rest?: object
}

const kubeconfig = ({ user = { token: SECRET }, cluster = {}, rest = {} }: Parts = {}) =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'one',
    clusters: [{ name: 'c', cluster: { server: 'https://api.test:6443', ...cluster } }],
    users: [
      { name: 'u', user },
      { name: 'other', user: { token: 'other' } },
    ],
    contexts: [
      { name: 'one', context: { cluster: 'c', user: 'u' } },
      { name: 'two', context: { cluster: 'c', user: 'other' } },
      { name: 'anonymous', context: { cluster: 'c' } },
      { name: 'lost', context: { cluster: 'gone', user: 'u' } },
      { name: 'nobody', context: { cluster: 'c', user: 'gone' } },
    ],
    ...rest,
  })

const load = (source: CredentialSource) => loadCredentials('rome', source)
const identityOf = async (source: CredentialSource) => (await load(source)).identity.current()

async function errorOf(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  expect(error).toBeInstanceOf(CredentialsError)
  const { message } = error as Error
  expect(message).not.toContain(SECRET)
  expect(message).toMatch(/^cluster rome: [^\n]+$/)
  return message
}

describe('a kubeconfig', () => {
  test('as text: server, authority, TLS settings, proxy', async () => {
    const cluster = {
      'certificate-authority-data': CA_DATA,
      'tls-server-name': 'other.test',
      'proxy-url': 'http://proxy:3128',
      'insecure-skip-tls-verify': true,
    }
    const { identity, ...loaded } = await load({ kubeconfig: kubeconfig({ cluster }) })
    expect(loaded).toEqual({
      server: 'https://api.test:6443',
      ca: Buffer.from(CA),
      serverName: 'other.test',
      proxy: 'http://proxy:3128',
      insecure: true,
    })
    expect(await identity.current()).toEqual({ authorization: `Bearer ${SECRET}` })
  })

  test('as JSON, with a chosen context', async () => {
    const json = JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://json.test' } }],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    })
    expect(await load({ kubeconfig: json, context: 'x' })).toMatchObject({
      server: 'https://json.test',
      insecure: false,
    })
    expect(await identityOf({ kubeconfig: kubeconfig(), context: 'two' })).toEqual({ authorization: 'Bearer other' })
    expect(await identityOf({ kubeconfig: kubeconfig(), context: 'anonymous' })).toEqual({})
  })

  test('as a path: files in it are relative to it', async () => {
    await mkdir(join(dir, 'pki'))
    await writeFile(join(dir, 'pki/ca.pem'), CA)
    await writeFile(join(dir, 'pki/cert.pem'), 'cert')
    await writeFile(join(dir, 'pki/key.pem'), 'key')
    await writeFile(join(dir, 'pki/token'), 'from-file\n')
    const user = { 'client-certificate': 'pki/cert.pem', 'client-key': 'pki/key.pem', tokenFile: 'pki/token' }
    const file = join(dir, 'config')
    await writeFile(file, kubeconfig({ user, cluster: { 'certificate-authority': 'pki/ca.pem' } }))
    const loaded = await load({ kubeconfig: file })
    expect(String(loaded.ca)).toBe(CA)
    const identity = await loaded.identity.current()
    expect(identity).toMatchObject({
      authorization: 'Bearer from-file',
      cert: Buffer.from('cert'),
      key: Buffer.from('key'),
    })
    await writeFile(join(dir, 'pki/token'), 'rotated')
    expect(await loaded.identity.renew(identity)).toMatchObject({ authorization: 'Bearer rotated' })
  })

  test('with a password, and with impersonation', async () => {
    const user = { username: 'me', password: 'pass', as: 'someone' }
    const loaded = await load({ kubeconfig: kubeconfig({ user }) })
    expect(await loaded.identity.current()).toEqual({
      authorization: `Basic ${Buffer.from('me:pass').toString('base64')}`,
    })
    expect(loaded.headers).toEqual({ 'impersonate-user': 'someone' })
  })

  const missing = '/no/such/kubeconfig'
  test.each([
    { name: 'no file', source: { kubeconfig: missing }, want: `${missing} does not exist` },
    {
      name: 'no YAML',
      source: { kubeconfig: `users:\n- token: "${SECRET}\n  x: [` },
      want: /the inline kubeconfig is not valid YAML: \w+ at line \d/,
    },
    { name: 'no mapping', source: { kubeconfig: 'a\nb' }, want: 'is not a kubeconfig' },
    {
      name: 'no server',
      source: { kubeconfig: kubeconfig({ cluster: { server: '' } }) },
      want: 'clusters[0].cluster.server is missing',
    },
    {
      name: 'unknown context',
      source: { kubeconfig: kubeconfig(), context: 'nope' },
      want: 'has no context nope (contexts: one, two, anonymous, lost, nobody)',
    },
    {
      name: 'no current context',
      source: { kubeconfig: kubeconfig({ rest: { 'current-context': undefined } }) },
      want: 'has no current-context (contexts: one,',
    },
    { name: 'no such cluster', source: { kubeconfig: kubeconfig(), context: 'lost' }, want: 'has no cluster gone' },
    { name: 'no such user', source: { kubeconfig: kubeconfig(), context: 'nobody' }, want: 'has no user gone' },
    {
      name: 'no certificate file',
      source: {
        kubeconfig: kubeconfig({ user: { 'client-certificate': '/no/such.pem', 'client-key': '/no/such.key' } }),
      },
      want: /names a file that cannot be read: ENOENT.*\/no\/such\.pem/,
    },
    {
      name: 'an auth-provider',
      source: { kubeconfig: kubeconfig({ user: { 'auth-provider': { name: 'gcp' } } }) },
      want: 'auth-provider gcp, which is not supported: use an exec plugin',
    },
    {
      name: 'a server that is no URL',
      source: { kubeconfig: kubeconfig({ cluster: { server: 'api' } }) },
      want: 'not a URL: api',
    },
    {
      name: 'a server without TLS',
      source: { kubeconfig: kubeconfig({ cluster: { server: 'http://localhost:8001' } }) },
      want: 'must be an https URL',
    },
  ])('says what is wrong: $name', async ({ source, want }) => {
    expect(await errorOf(load(source))).toMatch(want)
  })

  test('says which token file is missing', async () => {
    const { identity } = await load({ kubeconfig: kubeconfig({ user: { tokenFile: '/no/such/token' } }) })
    expect(await errorOf(identity.current())).toContain('/no/such/token')
  })
})

describe('server, CA and token', () => {
  test.each([
    { name: 'PEM', ca: CA },
    { name: 'PEM with escaped line breaks', ca: CA.replaceAll('\n', '\\n') },
    { name: 'base64', ca: CA_DATA },
  ])('the CA as $name', async ({ ca }) => {
    const loaded = await load({ server: 'https://api.test/', ca, token: 't\n' })
    expect(String(loaded.ca)).toBe(CA)
    expect(loaded.server).toBe('https://api.test')
    expect(await loaded.identity.current()).toEqual({ authorization: 'Bearer t' })
  })

  test('the CA as a path, and as none of them', async () => {
    const file = join(dir, 'ca.crt')
    await writeFile(file, CA)
    expect(String((await load({ server: 'https://api.test', ca: file, token: 't' })).ca)).toBe(CA)
    const error = await errorOf(load({ server: 'https://api.test', ca: 'nothing', token: SECRET }))
    expect(error).toContain('neither PEM, nor its base64, nor a file')
  })

  test('a token that cannot be obtained', async () => {
    const token = () => Promise.reject(new TypeError(SECRET))
    expect(await errorOf(identityOf({ server: 'https://api.test', token }))).toContain('no token could be obtained')
  })
})

test('inside a cluster: the service account of the pod', async () => {
  await writeFile(join(dir, 'ca.crt'), CA)
  await writeFile(join(dir, 'token'), 'mounted')
  const loaded = await load({ inCluster: true, root: dir })
  expect(loaded).toMatchObject({ server: 'https://kubernetes.default.svc', insecure: false })
  expect(await loaded.identity.current()).toMatchObject({ authorization: 'Bearer mounted' })
  expect(await errorOf(load({ inCluster: true, root: '/no/such' }))).toContain('CA')
})

test('a client certificate convinces a server that asks for one', async () => {
  const fake = await fakeApiServer({ clientCertificates: true })
  fake.handler = (_, response) => {
    answer(response, 200, fake.connections.at(-1)?.getPeerCertificate().subject ?? {})
  }
  const connect = async (authority: Awaited<ReturnType<typeof createAuthority>>) => {
    const { certPem, keyPem } = await mintClient(authority, { user: 'heliograph', groups: ['functions'] })
    const user = { 'client-certificate-data': base64(certPem), 'client-key-data': base64(keyPem) }
    const cluster = { server: fake.url, 'certificate-authority-data': base64(fake.ca) }
    const credentials = await load({ kubeconfig: kubeconfig({ user, cluster }) })
    return createTransport({ id: 'rome', credentials, caller: 'test' })
  }
  const known = await connect(fake.authority)
  expect(JSON.parse((await known.request('GET', '/x')).text)).toMatchObject({ CN: 'heliograph', O: 'functions' })
  known.close()
  const unknown = await connect(await createAuthority('another'))
  await expect(unknown.request('GET', '/x')).rejects.toThrow(/no answer to GET \/x/)
  await fake.stop()
})

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { answer, fakeApiServer, status } from '../../test/contract/fake-api-server.ts'
import { loadCredentials } from './credentials.ts'
import { CredentialsError } from './errors.ts'
import { type ExecConfig, execIdentity } from './exec.ts'
import { createTransport } from './transport.ts'

const node = process.execPath
const problem = (why: string) => new CredentialsError('rome', why)
const context = { problem, cluster: { server: 'https://api.test' } }

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-exec-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

/** A plugin that is a line of JavaScript. */
const plugin = (code: string, rest: ExecConfig = {}): ExecConfig => ({ command: node, args: ['-e', code], ...rest })
const credential = (fields: string) => `console.log(JSON.stringify({ kind: 'ExecCredential', status: { ${fields} } }))`

test('a token with its expiry', async () => {
  const identity = await execIdentity(
    plugin(credential(`token: 't', expirationTimestamp: '2030-01-01T00:00:00Z'`)),
    context,
  )
  expect(identity).toEqual({ authorization: 'Bearer t', expiresAt: Date.UTC(2030, 0) })
})

test('a client certificate', async () => {
  const exec = plugin(credential(`clientCertificateData: 'cert', clientKeyData: 'key'`))
  expect(await execIdentity(exec, context)).toEqual({ cert: 'cert', key: 'key' })
})

test('the plugin is told what it may know', async () => {
  const exec = plugin(credential('token: process.env.EXTRA + process.env.KUBERNETES_EXEC_INFO'), {
    apiVersion: 'client.authentication.k8s.io/v1beta1',
    env: [{ name: 'EXTRA', value: 'x' }],
    provideClusterInfo: true,
  })
  const { authorization } = await execIdentity(exec, context)
  const info = {
    apiVersion: 'client.authentication.k8s.io/v1beta1',
    kind: 'ExecCredential',
    spec: { interactive: false, cluster: { server: 'https://api.test' } },
  }
  expect(authorization).toBe(`Bearer x${JSON.stringify(info)}`)
})

describe('says what went wrong, without what was printed', () => {
  const rows: { name: string; exec: ExecConfig; want: RegExp; timeoutMs?: number }[] = [
    { name: 'no command', exec: {}, want: /names no command/ },
    {
      name: 'not installed',
      exec: { command: 'no-such-plugin-1', installHint: 'Install it:\n  brew install it' },
      want: /no-such-plugin-1 is not installed: Install it: brew install it$/,
    },
    { name: 'needs a terminal', exec: plugin('', { interactiveMode: 'Always' }), want: /needs a terminal/ },
    {
      name: 'fails',
      exec: plugin(`console.log('hunter2'); console.error('first\\nexpired session'); process.exit(3)`),
      want: /failed with exit code 3: expired session$/,
    },
    { name: 'prints no JSON', exec: plugin(`console.log('hunter2')`), want: /printed no ExecCredential/ },
    { name: 'prints null', exec: plugin(`console.log('null')`), want: /printed no ExecCredential/ },
    { name: 'prints no credential', exec: plugin(credential('')), want: /printed no ExecCredential/ },
    { name: 'hangs', exec: plugin('setInterval(() => {}, 1000)'), want: /did not finish in 100 ms/, timeoutMs: 100 },
  ]
  test.each(rows)('$name', async ({ exec, want, timeoutMs }) => {
    const run = execIdentity(exec, { ...context, ...(timeoutMs ? { timeoutMs } : {}) })
    const error = await run.then(
      () => undefined,
      (caught: Error) => caught,
    )
    expect(error).toBeInstanceOf(CredentialsError)
    expect(error?.message).toMatch(want)
    expect(error?.message).not.toContain('hunter2')
  })
})

test('through a kubeconfig: run once, kept, and run again when its token is refused', async () => {
  const fake = await fakeApiServer()
  const log = join(dir, 'runs')
  const command = join(dir, 'plugin')
  await writeFile(log, '')
  const count = `const fs = require('fs'); fs.appendFileSync('${log}', 'x'); const n = fs.readFileSync('${log}').length`
  await writeFile(command, `#!${node}\n${count}\n${credential("token: 'token-' + n")}\n`)
  await chmod(command, 0o755)
  const file = join(dir, 'config')
  await writeFile(
    file,
    stringify({
      'current-context': 'x',
      clusters: [{ name: 'c', cluster: { server: fake.url, 'certificate-authority-data': btoa(fake.ca) } }],
      users: [{ name: 'u', user: { exec: { command: './plugin', args: null, env: null } } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    }),
  )
  const credentials = await loadCredentials('rome', { kubeconfig: file })
  const { request, close } = createTransport({ id: 'rome', credentials, caller: 'test' })
  let accepted = 'token-1'
  fake.handler = ({ headers }, response) => {
    if (headers.authorization === `Bearer ${accepted}`) answer(response, 200, {})
    else answer(response, 401, status(401, 'Unauthorized'))
  }
  const both = () => Promise.all([request('GET', '/a'), request('GET', '/b')])
  expect((await both()).map((reply) => reply.status)).toEqual([200, 200])
  accepted = 'token-2'
  expect((await both()).map((reply) => reply.status)).toEqual([200, 200])
  expect(await readFile(log, 'utf8')).toBe('xx')
  close()
  await fake.stop()
})

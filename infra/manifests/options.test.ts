import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readOptions } from './options.ts'

const env = {
  CLUSTERS: 'rome,milan,turin',
  PEERINGS: 'rome:milan',
  CLUSTER_ROME_KUBECONFIG: '/kube/rome',
  CLUSTER_ROME_WEBHOOK_TOKEN: 'new, old',
  CLUSTER_MILAN_SERVER: 'https://milan.example',
  CLUSTER_MILAN_EKS_NAME: 'prod',
  CLUSTER_MILAN_EKS_REGION: 'eu-west-1',
  CLUSTER_MILAN_WEBHOOK_TOKEN: 't',
  CLUSTER_TURIN_KUBECONFIG: '/kube/turin',
}
const URLS = ['--admission-url', 'https://a.example/', '--webhook-url', 'https://w.example/']

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-manifests-'))
})
afterAll(() => rm(dir, { recursive: true }))

const problemsOf = (args: string[], change: Record<string, string> = {}) =>
  readOptions(args, { ...env, ...change }).then(
    () => '',
    (error: Error) => error.message,
  )

test('of an API server with an audit backend the token is shown in headers, the first of several', async () => {
  const options = await readOptions(['--cluster', 'rome', ...URLS, '--out', dir], env)
  expect(options).toMatchObject({
    events: 'audit',
    token: 'new',
    path: '/etc/kubernetes/heliograph',
    use: { sides: ['home'], gated: false, serviceAccounts: false, internal: true },
  })
  expect([options.admission, options.webhook]).toEqual([{ url: 'https://a.example/' }, { url: 'https://w.example/' }])
})

test('of EKS it stands in the URLs', async () => {
  const options = await readOptions(['--cluster', 'milan', ...URLS], env)
  expect(options).toMatchObject({ events: 'webhook', use: { sides: ['remote'] } })
  expect(options.webhook).toEqual({ url: 'https://w.example/', token: 't' })
})

test('without events only the admission webhook is called', async () => {
  const args = ['--cluster', 'rome', '--events', 'none']
  expect(await readOptions([...args, '--admission-url', 'https://a.example'], env)).not.toHaveProperty('webhook')
  expect(await readOptions(args, { ...env, CLUSTER_ROME_WEBHOOK_TOKEN: '' })).not.toHaveProperty('admission')
})

test.each<{ name: string; args: string[]; want: string[]; change?: Record<string, string> }>([
  { name: 'no cluster', args: [...URLS], want: ['--cluster: missing; give the ClusterID'] },
  { name: 'an unknown flag', args: ['--clutser', 'rome'], want: ["Unknown option '--clutser'"] },
  { name: 'an unknown cluster', args: ['--cluster', 'rme'], want: ['CLUSTERS has no "rme"; use one of rome, milan'] },
  { name: 'a cluster without peers', args: ['--cluster', 'turin'], want: ['PEERINGS has no "turin"'] },
  {
    name: 'no URLs, and no folder',
    args: ['--cluster', 'rome'],
    want: ['--admission-url: missing', '--webhook-url: missing', '--out: missing'],
  },
  {
    name: 'URLs without TLS, a relative path',
    args: ['--cluster', 'rome', '--admission-url', 'http://a', '--webhook-url', 'w', '--out', 'x', '--path', 'y'],
    want: [
      '--admission-url: "http://a" is no https URL',
      '--webhook-url: "w" is no https URL',
      '--path: "y" is relative',
    ],
  },
  {
    name: 'URLs with what API servers refuse',
    args: ['--cluster', 'rome', '--admission-url', 'https://me:pw@a/', '--webhook-url', 'https://w/?x', '--out', 'x'],
    want: ['--admission-url: "https://me:pw@a/" has more than host and path', '--webhook-url: "https://w/?x" has more'],
  },
  {
    name: 'settings of no stage',
    args: ['--cluster', 'rome', '--param', 'settings=x'],
    want: ['--param: give --stage'],
  },
  {
    name: 'no such way of events',
    args: ['--cluster', 'rome', '--events', 'all', ...URLS],
    want: ['--events all: use one of audit, webhook, none'],
  },
  {
    name: 'an audit backend of EKS',
    args: ['--cluster', 'milan', '--events', 'audit', '--out', 'x', ...URLS],
    want: ['--events audit: EKS takes no audit backend'],
  },
  {
    name: 'a CA that is not there',
    args: ['--cluster', 'milan', '--ca', '/no/such.pem', ...URLS],
    want: ['--ca: /no/such.pem cannot be read (ENOENT)'],
  },
  {
    name: 'no token',
    args: ['--cluster', 'milan', ...URLS],
    change: { CLUSTER_MILAN_WEBHOOK_TOKEN: '' },
    want: ['CLUSTER_MILAN_WEBHOOK_TOKEN: missing'],
  },
  {
    name: 'variables that are wrong',
    args: ['--cluster', 'milan', ...URLS],
    change: { CLUSTER_MILAN_EKS_REGION: 'x' },
    want: ['CLUSTER_MILAN_EKS_REGION: "x" is no region'],
  },
  {
    name: 'no such stage',
    args: ['--cluster', 'rome', '--stage', 'nowhere'],
    want: ['stages/nowhere.yml', 'example.yml'],
  },
])('says what is wrong: $name', async ({ args, want, change }) => {
  const message = await problemsOf(args, change)
  for (const part of want) expect(message).toContain(part)
})

test('the secrets of a stage are read in its region, with the credentials of the environment', async () => {
  const args = ['--cluster', 'rome', '--stage', 'example', ...URLS, '--out', dir]
  expect(await problemsOf(args, { AWS_REGION: 'us-east-1' })).toMatch(/^AWS_ACCESS_KEY_ID: missing/)
  const keys = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' }
  const nobody = { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:9' }
  const message = await problemsOf(args, { ...keys, ...nobody, AWS_REGION: 'us-east-1' })
  expect(message).toMatch(/^CLUSTER_ROME_WEBHOOK_TOKEN: secretsmanager .*: no answer in eu-west-1 \(ECONNREFUSED\)/)
})

test('a file that is no certificate is told', async () => {
  const file = join(dir, 'ca.pem')
  await writeFile(file, 'none')
  expect(await problemsOf(['--cluster', 'milan', '--ca', file, ...URLS])).toContain('is no certificate')
})

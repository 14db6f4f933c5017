import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { actingIn } from '../../infra/manifests/rights.ts'
import { GROUP } from '../../infra/rbac.ts'
import { awsCall } from '../../lib/aws/call.ts'
import { type Moto, startMoto } from '../rehearsal/moto.ts'
import { verifyEksToken } from '../support/eks-authenticator.ts'
import { startTokenWebhook, type TokenWebhook } from '../support/token-webhook.ts'
import { type TestStage, testStage } from './stage.ts'

/**
 * Functions that reach rome with a token that is kept in Secrets Manager, and milan as an EKS cluster is reached: its API
 * server asks an authenticator about every token.
 */
const ROLE = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'wJalr/EXAMPLE+KEY' }

let dir: string
let moto: Moto
let authenticator: TokenWebhook
let stage: TestStage
/** Access keys whose tokens milan has accepted. */
const seen = new Set<string>()

const rome = (args: string[], input?: string) => stage.clusters.rome!.kubectl(args, input)
const keptCall = (target: string, input: Record<string, string>) =>
  awsCall({
    service: 'secretsmanager',
    target: `secretsmanager.${target}`,
    input,
    region: 'eu-west-1',
    keys: ROLE,
    endpoint: moto.url,
  })
const NAME = 'heliograph/rome'
let kept: { token: string; webhook: string }
const rotate = async (change: Partial<typeof kept>) => {
  kept = { ...kept, ...change }
  await keptCall('PutSecretValue', { SecretId: NAME, SecretString: JSON.stringify(kept) })
}

/** A service account with the functions' rights in rome, and a token of it. One that was there before is gone, and its tokens. */
async function newServiceAccount(): Promise<string> {
  await rome(['delete', 'serviceaccount', 'heliograph', '--ignore-not-found'])
  await rome(['create', 'serviceaccount', 'heliograph'])
  return (await rome(['create', 'token', 'heliograph'])).trim()
}

const there = (name: string) => stage.clusters.milan!.kubectl.get('configmap', name, 'shop-rome')

/** What failed meanwhile is in the dead letters, and comes again. */
const arrives = (name: string) =>
  eventually(`${name} in milan`, async () => {
    if (await there(name)) return true
    await stage.host.deadLetters.redrive()
    return false
  })

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-credentials-'))
  moto = await startMoto(dir, 'http://127.0.0.1:9')
  authenticator = await startTokenWebhook(dir, async (token) => {
    const accessKeyId = await verifyEksToken(token, { cluster: 'milan-prod', signers: [ROLE], now: Date.now() })
    seen.add(accessKeyId)
    return { username: 'heliograph', groups: [GROUP] }
  })
  stage = await testStage({
    control: { milan: { extraApiServerArgs: authenticator.flags } },
    // Another one would know the old token for as long as it keeps it.
    concurrency: { webhook: 1 },
  })
  await stage.functionsDown()
  const { env, clusters } = stage
  const use = { sides: ['home' as const], gated: false, serviceAccounts: false, internal: false }
  for (const fn of actingIn(use)) {
    const role = `--clusterrole=heliograph-${fn}`
    await rome(['create', 'clusterrolebinding', `account-${fn}`, role, '--serviceaccount=default:heliograph'])
  }
  kept = { token: await newServiceAccount(), webhook: env.CLUSTER_ROME_WEBHOOK_TOKEN! }
  await keptCall('CreateSecret', { Name: NAME, SecretString: JSON.stringify(kept) })
  const { CLUSTER_ROME_KUBECONFIG: _, CLUSTER_MILAN_KUBECONFIG: __, ...rest } = env
  for (const name of Object.keys(env)) delete env[name]
  Object.assign(env, rest, {
    CLUSTER_ROME_SERVER: clusters.rome!.cluster.server,
    CLUSTER_ROME_CA: clusters.rome!.cluster.caPem,
    CLUSTER_ROME_TOKEN: `secretsmanager:${NAME}#token`,
    CLUSTER_ROME_WEBHOOK_TOKEN: `secretsmanager:${NAME}#webhook`,
    CLUSTER_MILAN_SERVER: clusters.milan!.cluster.server,
    CLUSTER_MILAN_CA: clusters.milan!.cluster.caPem,
    CLUSTER_MILAN_EKS_NAME: 'milan-prod',
    CLUSTER_MILAN_EKS_REGION: 'eu-south-1',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: moto.url,
    AWS_ACCESS_KEY_ID: ROLE.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ROLE.secretAccessKey,
  })
  await stage.functionsUp()
  await rome(['create', 'namespace', 'shop'])
  const offloading = { apiVersion: 'offloading.liqo.io/v1beta1', kind: 'NamespaceOffloading', spec: {} }
  await rome(
    ['apply', '-f', '-'],
    JSON.stringify({ ...offloading, metadata: { name: 'offloading', namespace: 'shop' } }),
  )
})
afterAll(async () => {
  await stage?.stop()
  await authenticator?.stop()
  await moto?.stop()
  await rm(dir, { recursive: true, force: true })
})

test('a function signs its own tokens for an EKS cluster, and reads its token for another', async () => {
  await rome(['-n', 'shop', 'create', 'configmap', 'first', '--from-literal=k=v'])
  await arrives('first')
  expect([...seen]).toEqual([ROLE.accessKeyId])
})

test('a rotated token is taken up by functions that are running', async () => {
  await rotate({ token: await newServiceAccount() })
  await rome(['-n', 'shop', 'create', 'configmap', 'second', '--from-literal=k=v'])
  await arrives('second')
  expect(stage.lines.join('\n')).not.toContain(kept.token)
})

test('so is a rotated webhook token, and the old one is refused', async () => {
  const call = async (token: string) => {
    const event = {
      rawPath: '/',
      requestContext: { http: { method: 'POST' } },
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'EventList', items: [] }),
    }
    return (JSON.parse((await stage.host.invoke('webhook', event)).payload) as { statusCode: number }).statusCode
  }
  const { webhook: old } = kept
  expect(await call(old)).toBe(200)
  expect(await call('rotated')).toBe(401)
  await rotate({ webhook: 'rotated' })
  await eventually('the new token is accepted', async () => (await call('rotated')) === 200)
  expect(await call(old)).toBe(401)
})

test('a role that the EKS cluster does not know is told so, with what to look at', async () => {
  await stage.functionsDown()
  stage.env.AWS_ACCESS_KEY_ID = 'ASIASTRANGER'
  await stage.functionsUp()
  await stage.host.invoke('sweep', {})
  expect(stage.lines.filter((line) => line.startsWith('sweep ')).join('\n')).toMatch(
    /cluster milan: the API server does not accept the credential .*CLUSTER_MILAN_EKS_NAME and the access entry/,
  )
})

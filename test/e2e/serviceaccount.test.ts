import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { rightsObjects } from '../../infra/manifests/rights.ts'
import { toYaml } from '../../infra/manifests/yaml.ts'
import { makeNode, offload } from './offload.ts'
import { type TestStage, testStage } from './stage.ts'

/** Tokens that rome's API server signs, for pods that run in milan. */
let stage: TestStage

const NODE = 'liqo-milan'

beforeAll(async () => {
  stage = await testStage({
    nodes: { milan: 1 },
    env: {
      NETWORKING_INTERNAL: 'false',
      REFLECT_SERVICEACCOUNT: 'On',
      CLUSTER_ROME_API_SERVER: 'api.rome.example:6443',
    },
  })
  const use = { sides: ['home' as const], gated: false, serviceAccounts: true, internal: false }
  await kubectl('rome', ['apply', '-f', '-'], toYaml(rightsObjects({ use, accounts: false })))
  await makeNode(stage)
  await offload(stage, 'shop')
  await eventually('the default account', () => stage.clusters.rome!.kubectl.get('serviceaccount', 'default', 'shop'))
})
afterAll(() => stage?.stop())

const kubectl = (id: string, args: string[], input?: string) => stage.clusters[id]!.kubectl(args, input)
const apply = (id: string, object: object) => kubectl(id, ['apply', '-f', '-'], JSON.stringify(object))

async function reviewed(
  token: string,
): Promise<{ authenticated?: boolean; user?: { username?: string; extra?: object } }> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } }
  return JSON.parse(await kubectl('rome', ['create', '-f', '-', '-o', 'json'], JSON.stringify(review))).status
}

const secret = () => stage.clusters.milan!.kubectl.get('secret', 'web-token', 'shop-rome')

test('a pod that runs elsewhere has a token of home, as long as it is there', async () => {
  const spec = { nodeName: NODE, containers: [{ name: 'web', image: 'registry.example/web:1' }] }
  await apply('rome', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop' }, spec })
  const found = await eventually('the Secret', secret)
  const [[key, encoded]] = Object.entries(found.data as Record<string, string>) as [[string, string]]
  const token = Buffer.from(encoded, 'base64').toString()
  expect(await reviewed(token)).toMatchObject({
    authenticated: true,
    user: {
      username: 'system:serviceaccount:shop:default',
      extra: { 'authentication.kubernetes.io/pod-name': ['web'] },
    },
  })
  const remote = await eventually('the pod', () => stage.clusters.milan!.kubectl.get('pod', 'web', 'shop-rome'))
  expect(JSON.stringify(remote.spec)).toContain(
    `"secret":{"items":[{"key":"${key}","path":"token"}],"name":"web-token"}`,
  )
  expect(JSON.stringify(remote.spec)).toContain('{"name":"KUBERNETES_SERVICE_HOST","value":"api.rome.example"}')

  await kubectl('milan', ['-n', 'shop-rome', 'delete', 'secret', 'web-token'])
  await eventually('another Secret', secret)
  await stage.host.invoke('serviceaccount', { all: true })
  expect(stage.lines.join('\n')).not.toContain(token.slice(-40))

  await kubectl('rome', ['-n', 'shop', 'delete', 'pod', 'web', '--timeout=60s'])
  await eventually('it is gone', async () => (await secret()) === undefined)
  await eventually('the token is no longer good', async () => !(await reviewed(token)).authenticated)
})

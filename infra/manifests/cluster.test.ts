import { expect, test } from 'vitest'
import { parseConfig } from '../../lib/config.ts'
import { triggersIn } from '../audit-policy.ts'
import { clusterObjects, type Events, useOf } from './cluster.ts'
import { eventWebhook } from './event-webhook.ts'
import { toObjects, toYaml } from './yaml.ts'

const env = {
  CLUSTERS: 'rome,milan',
  PEERINGS: 'rome:milan',
  NETWORKING_INTERNAL: 'false',
  CLUSTER_ROME_KUBECONFIG: '/kube/rome',
  CLUSTER_MILAN_SERVER: 'https://milan.example',
  CLUSTER_MILAN_EKS_NAME: 'prod',
  CLUSTER_MILAN_EKS_REGION: 'eu-west-1',
}
const endpoint = { url: 'https://f.example/', token: 't' }

async function namesOf(id: string, { events = 'webhook' as Events, change = {} } = {}): Promise<string[]> {
  const config = parseConfig({ ...env, ...change })
  const options = { id, use: useOf(config, id), events, admission: endpoint, webhook: endpoint }
  const objects = await clusterObjects(config, options)
  expect(toObjects(toYaml(objects))).toEqual(objects)
  return objects.map(
    ({ kind, metadata }) => `${kind}/${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`,
  )
}

test('a cluster gets what its roles need', async () => {
  const rome = await namesOf('rome')
  expect(rome).toContain('CustomResourceDefinition/namespaceoffloadings.offloading.liqo.io')
  expect(rome).toContain('StorageClass/liqo')
  expect(rome).toContain('MutatingWebhookConfiguration/heliograph-home')
  expect(rome).not.toContain('CustomResourceDefinition/shadowpods.offloading.liqo.io')
  const milan = await namesOf('milan')
  expect(milan).toContain('CustomResourceDefinition/shadowpods.offloading.liqo.io')
  expect(milan).not.toContain('StorageClass/liqo')
})

test('accounts with tokens are made where the functions do not sign their own', async () => {
  expect(await namesOf('rome')).toContain('Secret/heliograph-functions/configmap')
  expect((await namesOf('milan')).filter((name) => /^(Secret|ServiceAccount|Namespace)\//.test(name))).toEqual([])
})

test('what is off is not granted, and what is on is', async () => {
  const tokens = { REFLECT_SERVICEACCOUNT: 'On' }
  expect(await namesOf('rome')).not.toContain('ClusterRole/heliograph-serviceaccount')
  expect(await namesOf('rome', { change: tokens })).toContain('ClusterRole/heliograph-serviceaccount')
  const internal = { NETWORKING_INTERNAL: 'true' }
  expect(await namesOf('milan')).not.toContain('Namespace/heliograph')
  const network = await namesOf('milan', { change: internal })
  expect(network).toEqual(expect.arrayContaining(['Namespace/heliograph', 'Role/heliograph/heliograph-network']))
  expect(network.indexOf('Namespace/heliograph')).toBeLessThan(network.indexOf('Role/heliograph/heliograph-network'))
})

test('changes are told by a webhook only where that is asked for', async () => {
  expect(await namesOf('rome')).toContain('ValidatingWebhookConfiguration/heliograph-events')
  expect(await namesOf('rome', { events: 'audit' })).not.toContain('ValidatingWebhookConfiguration/heliograph-events')
})

interface Webhook {
  name: string
  failurePolicy: string
  clientConfig: { url: string }
  rules: { apiGroups: string[]; resources: string[]; operations: string[] }[]
  matchConditions: { expression: string }[]
}

test.each(['home', 'remote'] as const)(
  'the webhook for events of %s is asked about every trigger, and holds up nothing',
  (side) => {
    const webhooks = eventWebhook([side], endpoint).webhooks as Webhook[]
    const asked = webhooks.flatMap(({ rules }) =>
      rules.flatMap(({ apiGroups: [group], resources }) => resources.map((resource) => `${group}/${resource}`)),
    )
    for (const { group, plural, subresources = [] } of triggersIn([side])) {
      for (const one of [plural, ...subresources.map((subresource) => `${plural}/${subresource}`)]) {
        expect(asked).toContain(`${group}/${one}`)
      }
    }
    for (const { failurePolicy, clientConfig, rules } of webhooks) {
      expect([failurePolicy, clientConfig.url]).toEqual(['Ignore', 'https://f.example/token/t'])
      expect(rules.flatMap(({ resources }) => resources)).not.toContain('*')
    }
  },
)

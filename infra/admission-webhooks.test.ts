import { expect, test } from 'vitest'
import { admissionWebhooks } from './admission-webhooks.ts'

interface Configuration {
  kind: string
  webhooks: {
    name: string
    failurePolicy: string
    sideEffects: string
    clientConfig: { url: string; caBundle?: string }
    namespaceSelector?: { matchLabels: Record<string, string> }
    rules: { resources: string[]; operations: string[]; scope: string }[]
  }[]
}

const read = (objects: readonly object[]) => objects as readonly Configuration[]
const endpoint = { url: 'https://admission.example/', caPem: 'PEM', token: 'a/b' }

test('a broken function refuses pods of offloaded namespaces, and ShadowPods, and nothing else', () => {
  const webhooks = (['home', 'remote'] as const).flatMap((side) =>
    read(admissionWebhooks(side, endpoint)).flatMap((configuration) => configuration.webhooks),
  )
  const failing = webhooks.filter(({ failurePolicy }) => failurePolicy !== 'Ignore')
  expect(failing.map(({ rules }) => rules.flatMap(({ resources }) => resources))).toEqual([['pods'], ['shadowpods']])
  expect(failing[0]?.namespaceSelector?.matchLabels).toEqual({ 'liqo.io/scheduling-enabled': 'true' })
  for (const { sideEffects, rules } of webhooks) {
    expect(sideEffects).toBe('None')
    for (const rule of rules) {
      expect(rule.scope).toBe('Namespaced')
      expect([...rule.resources, ...rule.operations]).not.toContain('*')
    }
  }
})

test('the token stands at the end of the path, where there is one', () => {
  const [mutating, validating] = read(admissionWebhooks('home', endpoint))
  expect([mutating?.kind, validating?.kind]).toEqual(['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'])
  expect(mutating?.webhooks[0]?.clientConfig).toEqual({
    url: 'https://admission.example/token/a%2Fb',
    caBundle: Buffer.from('PEM').toString('base64'),
  })
  const [shadow] = read(admissionWebhooks('remote', { url: 'https://admission.example' }))
  expect(shadow?.webhooks[0]?.clientConfig).toEqual({ url: 'https://admission.example' })
})

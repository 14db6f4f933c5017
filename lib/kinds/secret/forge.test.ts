import { expect, test } from 'vitest'
import { shopContext as context } from '../../../test/support/context.ts'
import type { KubeObject } from '../../cluster/port.ts'
import type { Context, Selection } from '../kind.ts'
import { remoteSecret } from './forge.ts'
import { selectSecret } from './kind.ts'

const marks = { 'offloading.liqo.io/origin': 'rome', 'offloading.liqo.io/destination': 'milan' }
const metadata = { name: 's', namespace: 'shop-rome', labels: marks }

function secret(fields: Record<string, unknown>, annotations?: Record<string, string>): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace: 'shop', ...(annotations && { annotations }) },
    ...fields,
  }
}

const account = { 'kubernetes.io/service-account.name': 'builder' }

const forged: { name: string; given: KubeObject; want: KubeObject }[] = [
  {
    name: 'data, type and immutable',
    given: secret({ type: 'kubernetes.io/tls', data: { 'tls.crt': 'Yw==' }, immutable: true }),
    want: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': 'Yw==' },
      immutable: true,
    },
  },
  {
    name: 'no type is sent as an empty one; stringData is not sent; what is unknown is',
    given: secret({ stringData: { a: 'b' }, ofALaterVersion: 1 }),
    want: { apiVersion: 'v1', kind: 'Secret', metadata, type: '', ofALaterVersion: 1 },
  },
  {
    name: 'a service account token is opaque and names its account',
    given: secret({ type: 'kubernetes.io/service-account-token', data: { token: 'dA==' } }, account),
    want: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...metadata, labels: { ...marks, ...account }, annotations: account },
      type: 'Opaque',
      data: { token: 'dA==' },
    },
  },
  {
    name: 'a service account token that does not say whose it is',
    given: secret({ type: 'kubernetes.io/service-account-token' }),
    want: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...metadata, labels: { ...marks, 'kubernetes.io/service-account.name': '' } },
      type: 'Opaque',
    },
  },
]

test.each(forged)('remoteSecret: $name', ({ given, want }) => {
  expect(remoteSecret(given, context)).toEqual(want)
})

const allow = { 'liqo.io/allow-reflection': 'true' }

function disabled(what: string): Selection {
  return { reflect: false, why: `Reflection to cluster "milan" disabled for ${what}` }
}

const selected: { name: string; given: KubeObject; reflection?: Context['reflection']; want: Selection }[] = [
  { name: 'an opaque one', given: secret({ type: 'Opaque' }), want: { reflect: true } },
  { name: 'one with no type', given: secret({}), want: { reflect: true } },
  {
    name: 'the annotations decide',
    given: secret({ type: 'Opaque' }, { 'liqo.io/skip-reflection': '' }),
    want: disabled('the current object (policy: "DenyList")'),
  },
  {
    name: 'a service account token, whatever the annotations say',
    given: secret({ type: 'kubernetes.io/service-account-token' }, allow),
    reflection: 'AllowList',
    want: { ...disabled('secrets holding service account tokens'), keep: true } as Selection,
  },
  {
    name: 'a Helm release',
    given: secret({ type: 'helm.sh/release.v1' }, allow),
    reflection: 'AllowList',
    want: disabled('secrets holding Helm releases'),
  },
  {
    name: 'a bootstrap token',
    given: secret({ type: 'bootstrap.kubernetes.io/token' }),
    want: disabled('secrets holding bootstrap tokens'),
  },
]

test.each(selected)('selectSecret: $name', ({ given, reflection = 'DenyList', want }) => {
  expect(selectSecret(given, { ...context, reflection })).toEqual(want)
})

import { expect, test } from 'vitest'
import { shopContext } from '../../../test/support/context.ts'
import type { KubeObject } from '../../cluster/port.ts'
import type { Context, Selection } from '../kind.ts'
import { homeConfigMapName, remoteConfigMap, remoteConfigMapName } from './forge.ts'
import { selectConfigMap } from './kind.ts'

const context: Context = { ...shopContext, home: 'rome-7f3a' }

const marks = { 'offloading.liqo.io/origin': 'rome-7f3a', 'offloading.liqo.io/destination': 'milan' }

function configMap(metadata: Partial<KubeObject['metadata']>, fields: Record<string, unknown> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cfg', namespace: 'shop', ...metadata }, ...fields }
}

const forged: { name: string; given: KubeObject; context?: Partial<Context>; want: KubeObject }[] = [
  {
    name: 'data of both kinds, and immutable',
    given: configMap({}, { data: { k: 'v' }, binaryData: { b: 'QQ==' }, immutable: false }),
    want: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'cfg', namespace: 'shop-rome', labels: marks },
      data: { k: 'v' },
      binaryData: { b: 'QQ==' },
      immutable: false,
    },
  },
  {
    name: 'what is empty is not sent, what is unknown is',
    given: configMap({ annotations: {} }, { data: {}, binaryData: null, ofALaterVersion: { a: [1] } }),
    want: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'cfg', namespace: 'shop-rome', labels: marks },
      ofALaterVersion: { a: [1] },
    },
  },
  {
    name: 'labels and annotations but those that stay at home; no owners, no finalizers; the marks win',
    given: configMap({
      uid: 'u-1',
      resourceVersion: '7',
      labels: { a: '1', b: '2', 'offloading.liqo.io/origin': 'evil' },
      annotations: { c: '3', d: '4' },
      finalizers: ['example.com/f'],
      ownerReferences: [{ kind: 'Deployment', name: 'web' }],
    }),
    context: { labelsNotReflected: ['a', 'offloading.liqo.io/destination'], annotationsNotReflected: ['c'] },
    want: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'cfg', namespace: 'shop-rome', labels: { b: '2', ...marks }, annotations: { d: '4' } },
    },
  },
  {
    name: 'the root CA under its other name',
    given: configMap({ name: 'kube-root-ca.crt' }, { data: { 'ca.crt': 'PEM' } }),
    want: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kube-root-ca.crt.rome-a', namespace: 'shop-rome', labels: marks },
      data: { 'ca.crt': 'PEM' },
    },
  },
]

test.each(forged)('remoteConfigMap: $name', ({ given, context: more, want }) => {
  expect(remoteConfigMap(given, { ...context, ...more })).toEqual(want)
})

test.each([
  { name: 'five characters', home: 'abcde', want: 'kube-root-ca.crt.abcde' },
  { name: 'a longer id', home: 'abcdefg', want: 'kube-root-ca.crt.abcde' },
  { name: 'a shorter id', home: 'ro', want: 'kube-root-ca.crt.ro' },
  { name: 'an end in a hyphen', home: 'rome-7f3a', want: 'kube-root-ca.crt.rome-a' },
  { name: 'an end in a dot', home: 'eu.w.rome', want: 'kube-root-ca.crt.eu.w.a' },
])('root CA, $name: there and back', ({ home, want }) => {
  expect(remoteConfigMapName('kube-root-ca.crt', { home })).toBe(want)
  expect(homeConfigMapName(want, { home })).toBe('kube-root-ca.crt')
  expect(remoteConfigMapName('cfg', { home })).toBe('cfg')
  expect(homeConfigMapName('cfg', { home })).toBe('cfg')
})

const SKIP = { 'liqo.io/skip-reflection': 'true' }
const ALLOW = { 'liqo.io/allow-reflection': 'true' }

function disabled(policy: string): Selection {
  return { reflect: false, why: `Reflection to cluster "milan" disabled for the current object (policy: "${policy}")` }
}

const selected: { name: string; given: KubeObject; reflection: Context['reflection']; want: Selection }[] = [
  {
    name: 'the annotations decide',
    given: configMap({ annotations: SKIP }),
    reflection: 'DenyList',
    want: disabled('DenyList'),
  },
  { name: 'not on the AllowList', given: configMap({}), reflection: 'AllowList', want: disabled('AllowList') },
  {
    name: 'the root CA is on every AllowList',
    given: configMap({ name: 'kube-root-ca.crt' }),
    reflection: 'AllowList',
    want: { reflect: true },
  },
  {
    name: 'the root CA may be skipped, even under an AllowList',
    given: configMap({ name: 'kube-root-ca.crt', annotations: SKIP }),
    reflection: 'AllowList',
    want: disabled('AllowList'),
  },
  {
    name: 'the root CA with both annotations',
    given: configMap({ name: 'kube-root-ca.crt', annotations: { ...SKIP, ...ALLOW } }),
    reflection: 'DenyList',
    want: {
      reflect: false,
      keep: true,
      fault: true,
      why: 'the object has both the skip and the allow annotation',
    },
  },
  {
    name: 'the root CA when nothing is reflected',
    given: configMap({ name: 'kube-root-ca.crt' }),
    reflection: 'Off',
    want: { ...disabled('Off'), keep: true, quiet: true } as Selection,
  },
  {
    name: 'a ConfigMap in the way of the root CA',
    given: configMap({ name: 'kube-root-ca.crt.rome-a' }),
    reflection: 'DenyList',
    want: {
      reflect: false,
      keep: true,
      fault: true,
      why: 'the name kube-root-ca.crt.rome-a is kept for the reflection of kube-root-ca.crt',
    },
  },
]

test.each(selected)('selectConfigMap: $name', ({ given, reflection, want }) => {
  expect(selectConfigMap(given, { ...context, reflection })).toEqual(want)
})

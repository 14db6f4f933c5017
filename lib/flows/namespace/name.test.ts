import { expect, test } from 'vitest'
import { type OffloadingSpec, remoteNamespaceName } from './name.ts'

const rows: { name: string; given: OffloadingSpec | undefined; want: string }[] = [
  { name: 'default', given: { namespaceMappingStrategy: 'DefaultName' }, want: 'shop-rome' },
  { name: 'no strategy', given: {}, want: 'shop-rome' },
  { name: 'no spec', given: undefined, want: 'shop-rome' },
  { name: 'a strategy of a later version', given: { namespaceMappingStrategy: 'New' }, want: 'shop-rome' },
  { name: 'same name', given: { namespaceMappingStrategy: 'EnforceSameName' }, want: 'shop' },
  {
    name: 'selected',
    given: { namespaceMappingStrategy: 'SelectedName', remoteNamespaceName: 'target' },
    want: 'target',
  },
  { name: 'selected, but empty', given: { namespaceMappingStrategy: 'SelectedName' }, want: '' },
  {
    name: 'a selected name counts for its strategy only',
    given: { namespaceMappingStrategy: 'DefaultName', remoteNamespaceName: 'target' },
    want: 'shop-rome',
  },
]

test.each(rows)('$name', ({ given, want }) => {
  const metadata = { name: 'offloading', namespace: 'shop' }
  const offloading = { apiVersion: 'offloading.liqo.io/v1beta1', kind: 'NamespaceOffloading', metadata, spec: given }
  expect(remoteNamespaceName(offloading, 'shop', 'rome')).toBe(want)
})

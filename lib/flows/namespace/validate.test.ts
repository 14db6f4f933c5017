import { expect, test } from 'vitest'
import type { KubeObject } from '../../cluster/port.ts'
import type { OffloadingSpec } from './name.ts'
import { type Answer, validateOffloading } from './validate.ts'

const restrictive =
  'The PodOffloadingStrategy was mutated to a more restrictive setting: existing pods violating this policy might still be running'

function offloading(spec: OffloadingSpec, name = 'offloading', namespace = 'shop'): KubeObject {
  return {
    apiVersion: 'offloading.liqo.io/v1beta1',
    kind: 'NamespaceOffloading',
    metadata: { name, namespace },
    spec,
  }
}

function denied(message: string): Answer {
  return { allowed: false, code: 403, reason: 'Forbidden', message }
}

const allowed: Answer = { allowed: true, code: 200 }

const rows: { name: string; given: [KubeObject, KubeObject?]; want: Answer }[] = [
  { name: 'a new one', given: [offloading({ namespaceMappingStrategy: 'DefaultName' })], want: allowed },
  {
    name: 'another name',
    given: [offloading({}, 'other')],
    want: denied('NamespaceOffloading name must match offloading'),
  },
  {
    name: 'a system namespace',
    given: [offloading({}, 'offloading', 'kube-system')],
    want: denied('Namespace kube-system belongs to Kubernetes and is not offloaded'),
  },
  {
    name: "Heliograph's own namespace, which holds keys",
    given: [offloading({}, 'offloading', 'heliograph')],
    want: denied("Namespace heliograph is Heliograph's own and is not offloaded"),
  },
  {
    name: 'a selected name that is missing',
    given: [offloading({ namespaceMappingStrategy: 'SelectedName', remoteNamespaceName: '' })],
    want: denied('The RemoteNamespaceName value cannot be empty when using the SelectedName NamespaceMappingStrategy'),
  },
  {
    name: 'a selected name',
    given: [offloading({ namespaceMappingStrategy: 'SelectedName', remoteNamespaceName: 'target' })],
    want: allowed,
  },
  {
    name: 'no change; an empty name is as good as none',
    given: [offloading({ remoteNamespaceName: '' }), offloading({})],
    want: allowed,
  },
  {
    name: 'another mapping strategy comes before another name',
    given: [
      offloading({ namespaceMappingStrategy: 'SelectedName', remoteNamespaceName: 'target' }),
      offloading({ namespaceMappingStrategy: 'DefaultName' }),
    ],
    want: denied('The NamespaceMappingStrategy value cannot be modified after creation'),
  },
  {
    name: 'another remote name',
    given: [offloading({ remoteNamespaceName: 'b' }), offloading({ remoteNamespaceName: 'a' })],
    want: denied('The RemoteNamespaceName value cannot be modified after creation'),
  },
  {
    name: 'pods confined further',
    given: [offloading({ podOffloadingStrategy: 'Local' }), offloading({ podOffloadingStrategy: 'LocalAndRemote' })],
    want: { ...allowed, warnings: [restrictive] },
  },
  {
    name: 'pods confined elsewhere',
    given: [offloading({ podOffloadingStrategy: 'Remote' }), offloading({ podOffloadingStrategy: 'Local' })],
    want: { ...allowed, warnings: [restrictive] },
  },
  {
    name: 'pods set free',
    given: [offloading({ podOffloadingStrategy: 'LocalAndRemote' }), offloading({ podOffloadingStrategy: 'Remote' })],
    want: allowed,
  },
]

test.each(rows)('$name', ({ given, want }) => {
  expect(validateOffloading(...given)).toEqual(want)
})

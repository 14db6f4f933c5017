import { expect, test } from 'vitest'
import { networks, planned } from '../../../test/support/networks.ts'
import type { KubeObject } from '../../cluster/port.ts'
import type { Context, Networks, ReflectionType, Selection } from '../kind.ts'
import { endpointslice, selectEndpointSlice } from './kind.ts'

const SKIP = 'liqo.io/skip-reflection'
const ALLOW = 'liqo.io/allow-reflection'

function contextFor(reflection: ReflectionType, between: Networks, homeNamespace = 'shop'): Context {
  return {
    home: 'rome',
    remote: 'milan',
    homeNamespace,
    remoteNamespace: 'shop-rome',
    reflection,
    labelsNotReflected: [],
    annotationsNotReflected: [],
    remoteLabels: {},
    networks: between,
  }
}

function object(
  kind: string,
  name: string,
  annotations: string[] = [],
  labels: Record<string, string> = {},
): KubeObject {
  const set = Object.fromEntries(annotations.map((key) => [key, 'true']))
  return { apiVersion: 'v1', kind, metadata: { name, labels, annotations: set } }
}

const yes: Selection = { reflect: true }
const no = (policy: string): Selection => ({
  reflect: false,
  why: `Reflection to cluster "milan" disabled for the current object (policy: "${policy}")`,
})
const kubernetes: Selection = {
  reflect: false,
  keep: true,
  quiet: true,
  why: 'the kubernetes service is the API server of its own cluster',
}
const both: Selection = {
  reflect: false,
  keep: true,
  fault: true,
  why: 'the object has both the skip and the allow annotation',
}
const none: Selection = {
  reflect: false,
  deliberate: true,
  quiet: true,
  why: 'addresses are not reflected: reflectIPs is false',
}
const off = { ...no('Off'), keep: true, quiet: true } as Selection

interface Row {
  name: string
  /** Annotations of the slice, and of its Service; undefined: there is no such Service. */
  own?: string[]
  service?: string[] | undefined
  reflection?: ReflectionType
  between?: Networks
  want: Selection
}

const opaque = networks({ reflectIPs: false })

test.each<Row>([
  { name: 'no annotations', service: [], want: yes },
  { name: 'no Service', want: yes },
  { name: 'the Service is skipped', service: [SKIP], want: no('DenyList') },
  { name: 'its own annotation wins over its Service', own: [ALLOW], service: [SKIP], want: yes },
  { name: 'its own annotation wins, the other way', own: [SKIP], service: [], want: no('DenyList') },
  {
    name: 'its own skip wins under an AllowList',
    own: [SKIP],
    service: [ALLOW],
    reflection: 'AllowList',
    want: no('AllowList'),
  },
  { name: 'its own allow wins under an AllowList', own: [ALLOW], service: [], reflection: 'AllowList', want: yes },
  { name: 'an AllowList looks at the Service', service: [ALLOW], reflection: 'AllowList', want: yes },
  { name: 'an AllowList without the annotation', service: [], reflection: 'AllowList', want: no('AllowList') },
  { name: 'an AllowList without the Service', reflection: 'AllowList', want: no('AllowList') },
  { name: 'both of its own', own: [SKIP, ALLOW], service: [], want: both },
  { name: 'both of its Service: the type looks at its own', service: [SKIP, ALLOW], want: no('DenyList') },
  { name: 'off', own: [ALLOW], service: [ALLOW], reflection: 'Off', want: off },
  { name: 'off keeps what is there even where no address may be', reflection: 'Off', between: opaque, want: off },
  { name: 'no addresses, whatever the annotations', own: [ALLOW], between: opaque, want: none },
  {
    name: 'no addresses, as the sides disagree',
    between: networks({}, { remote: planned('milan', { reflectIPs: false }) }),
    want: {
      reflect: false,
      deliberate: true,
      fault: true,
      why: 'reflectIPs is true in rome and false in milan: no address is reflected in either cluster. Set both alike.',
    },
  },
])('$name', ({ own, service, reflection = 'DenyList', between = networks({ internal: false }), want }) => {
  const source = object('EndpointSlice', 'web-x1', own, { 'kubernetes.io/service-name': 'web' })
  const found = { service: service ? [object('Service', 'web', service)] : [] }
  expect(selectEndpointSlice(source, contextFor(reflection, between), found)).toEqual(want)
})

test.each([
  { name: 'kubernetes', labels: {}, namespace: 'default', want: kubernetes },
  {
    name: 'kubernetes-6',
    labels: { 'kubernetes.io/service-name': 'kubernetes' },
    namespace: 'default',
    want: kubernetes,
  },
  { name: 'kubernetes', labels: {}, namespace: 'shop', want: yes },
])('$namespace/$name $labels', ({ name, labels, namespace, want }) => {
  const source = object('EndpointSlice', name, [ALLOW], labels)
  expect(selectEndpointSlice(source, contextFor('DenyList', networks(), namespace), {})).toEqual(want)
})

test('asks for its Service and its nodes', () => {
  const source = {
    ...object('EndpointSlice', 'web-x1', [], { 'kubernetes.io/service-name': 'web' }),
    endpoints: [{ nodeName: 'a' }],
  }
  const { service, nodes } = endpointslice.reads
  expect(service.wanted(source)).toEqual({ names: ['web'] })
  expect(nodes.wanted(source)).toEqual({ names: ['a'] })
  expect(service.wanted(object('EndpointSlice', 'manual'))).toEqual({ names: [] })
})

const meant = networks({}, { home: planned('rome', {}, { podCIDRs: ['10.244.0.0/16', 'fd00:10::/56'] }) })
const flat = networks({ internal: false })

test.each([
  { name: 'pods alone', addresses: ['10.244.1.7'], between: meant, tunnel: true, mappings: false },
  { name: 'a machine too', addresses: ['10.244.1.7', '192.0.2.50'], between: meant, tunnel: true, mappings: true },
  { name: 'no pod CIDR', addresses: ['10.244.1.7'], between: networks(), tunnel: true, mappings: true },
  { name: 'IPv6', addresses: ['2001:db8::1'], between: meant, tunnel: true, mappings: false },
  { name: 'nothing', addresses: [], between: meant, tunnel: true, mappings: false },
  { name: 'another network', addresses: ['192.0.2.50'], between: flat, tunnel: false, mappings: false },
  { name: 'no addresses at all', addresses: ['192.0.2.50'], between: opaque, tunnel: false, mappings: false },
])('asks what was negotiated, and for mappings, only where they count: $name', (row) => {
  const context = contextFor('DenyList', row.between)
  const addressType = row.addresses.some((address) => address.includes(':')) ? 'IPv6' : 'IPv4'
  const source = { ...object('EndpointSlice', 'web-x1'), addressType, endpoints: [{ addresses: row.addresses }] }
  const { tunnel, mappings } = endpointslice.reads
  expect(tunnel.wanted(source, context)).toEqual({ names: row.tunnel ? ['milan'] : [] })
  expect(mappings.wanted(source, context)).toEqual(row.mappings ? { labelSelector: 'clusterID=milan' } : { names: [] })
})

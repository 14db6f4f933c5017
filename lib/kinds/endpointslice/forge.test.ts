import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shopContext } from '../../../test/support/context.ts'
import { networks, planned } from '../../../test/support/networks.ts'
import type { KubeObject } from '../../cluster/port.ts'
import { homeLease } from '../../flows/reachability/lease.ts'
import type { Context, Found, Networks } from '../kind.ts'
import { MANAGED_BY, MANAGER, nodesOf, remoteEndpointSlice, withheldAddresses } from './forge.ts'

const flat = networks({ internal: false })
const context: Context = { ...shopContext, networks: flat }

function node(name: string, labels?: Record<string, string>): KubeObject {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, ...(labels && { labels }) } }
}
const found: Found = {
  nodes: [
    node('worker', {}),
    node('liqo-milan', { 'liqo.io/remote-cluster-id': 'milan' }),
    node('milan-2', { 'liqo.io/remote-cluster-id': 'milan' }),
    node('liqo-turin', { 'liqo.io/remote-cluster-id': 'turin' }),
    node('bare'),
  ],
}

type Fields = Record<string, unknown>

function slice(endpoints: Fields[], more: Fields = {}): KubeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'web-x1',
      namespace: 'shop',
      uid: 'e1',
      generateName: 'web-',
      labels: { 'kubernetes.io/service-name': 'web', [MANAGED_BY]: 'endpointslice-controller.k8s.io' },
      ownerReferences: [{ kind: 'Service', name: 'web' }],
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints,
    ...more,
  }
}

function forged(endpoints: Fields[], more: Fields = {}): KubeObject {
  return {
    ...slice(endpoints, more),
    metadata: {
      name: 'web-x1',
      namespace: 'shop-rome',
      labels: {
        'kubernetes.io/service-name': 'web',
        'offloading.liqo.io/origin': 'rome',
        'offloading.liqo.io/destination': 'milan',
        [MANAGED_BY]: MANAGER,
      },
    },
  }
}

const ready = { ready: true, serving: true, terminating: false }
const at = (address: string, more: Fields = {}): Fields => ({ addresses: [address], conditions: ready, ...more })
const remapped = networks(
  {},
  {
    home: planned(
      'rome',
      {},
      {
        podCIDRs: ['10.244.0.0/16', 'fd00:10::/56'],
        externalCIDRs: ['10.245.0.0/16'],
        seenAs: { podCIDRs: ['10.246.0.0/16', 'fd00:99::/56'], externalCIDRs: ['10.247.0.0/16'] },
      },
    ),
    mappings: { '10.96.0.1': '10.245.0.2' },
  },
)
const configured = networks(
  { internal: false },
  { home: planned('rome', { internal: false }, { podCIDRs: ['10.1.0.0/16'] }) },
)

interface Row {
  name: string
  given: KubeObject
  networks?: Networks
  want: KubeObject
  withheld?: string[]
}

const rows: Row[] = [
  {
    name: 'the nodes of the endpoint decide: native ones, unknown ones and those of nameless nodes are left out',
    given: slice([
      at('10.1.0.1', { nodeName: 'worker' }),
      at('10.1.0.2', { nodeName: 'liqo-milan' }),
      at('10.1.0.3', { nodeName: 'milan-2' }),
      at('10.1.0.4', { nodeName: 'liqo-turin' }),
      at('10.1.0.5', { nodeName: 'gone' }),
      at('10.1.0.6', { nodeName: 'bare' }),
      at('10.1.0.7'),
    ]),
    want: forged(['10.1.0.1', '10.1.0.4', '10.1.0.7'].map((address) => at(address, { nodeName: 'rome' }))),
  },
  {
    name: 'all conditions, names, zones and hints are kept; references are marked, topology of old lost',
    given: slice([
      at('10.1.0.1', {
        conditions: { ready: false, serving: true, terminating: true },
        hostname: 'web-0',
        zone: 'eu-1a',
        hints: { forZones: [{ name: 'eu-1a' }] },
        targetRef: { kind: 'Pod', namespace: 'shop', name: 'web-0', uid: 'p1' },
        deprecatedTopology: { rack: '1' },
        ofALaterVersion: true,
      }),
      { addresses: ['10.1.0.2'] },
      { addresses: ['10.1.0.3'], conditions: { ready: null } },
    ]),
    want: forged([
      at('10.1.0.1', {
        conditions: { ready: false, serving: true, terminating: true },
        hostname: 'web-0',
        zone: 'eu-1a',
        hints: { forZones: [{ name: 'eu-1a' }] },
        targetRef: { kind: 'RemotePod', namespace: 'shop', name: 'web-0', uid: 'p1' },
        ofALaterVersion: true,
        nodeName: 'rome',
      }),
      at('10.1.0.2', { conditions: {}, nodeName: 'rome' }),
      at('10.1.0.3', { conditions: {}, nodeName: 'rome' }),
    ]),
  },
  {
    name: 'hints at nodes name the home cluster, as the node itself does',
    given: slice([
      at('10.1.0.1', { nodeName: 'worker', hints: { forZones: [{ name: 'eu-1a' }], forNodes: [{ name: 'worker' }] } }),
      at('10.1.0.2', { hints: { forNodes: [] } }),
    ]),
    want: forged([
      at('10.1.0.1', { nodeName: 'rome', hints: { forZones: [{ name: 'eu-1a' }], forNodes: [{ name: 'rome' }] } }),
      at('10.1.0.2', { nodeName: 'rome', hints: { forNodes: [] } }),
    ]),
  },
  {
    name: 'no endpoints: a slice without any, and without ports that mean all',
    given: slice([], { ports: [], endpoints: null }),
    want: { ...forged([]), ports: undefined },
  },
  {
    name: 'ports of any kind, and what is unknown',
    given: slice([], {
      ports: [{ name: 'any' }, { port: 53, protocol: 'UDP' }, { appProtocol: 'ws' }],
      later: { a: 1 },
    }),
    want: forged([], {
      ports: [{ name: 'any' }, { port: 53, protocol: 'UDP' }, { appProtocol: 'ws' }],
      later: { a: 1 },
    }),
  },
  {
    name: 'several addresses of an endpoint: those that may not go over are left out, in their order',
    given: slice([{ ...at('10.1.0.1'), addresses: ['10.1.0.1', '169.254.169.254', '10.1.0.2'] }, at('127.0.0.1')]),
    want: forged([{ ...at('10.1.0.1', { nodeName: 'rome' }), addresses: ['10.1.0.1', '10.1.0.2'] }]),
    withheld: [
      '1 address withheld: 169.254.169.254 of rome may not go over: metadata',
      '1 address withheld: 127.0.0.1 of rome may not go over: loopback',
    ],
  },
  {
    name: 'IPv6, as it is and canonical',
    given: slice([at('FD00:10:0::3')], { addressType: 'IPv6' }),
    want: forged([at('fd00:10::3', { nodeName: 'rome' })], { addressType: 'IPv6' }),
  },
  {
    name: 'names could resolve to anything',
    given: slice([{ addresses: ['a.example.com', 'b.example.com'] }], { addressType: 'FQDN' }),
    want: forged([], { addressType: 'FQDN' }),
    withheld: [
      '2 addresses withheld, the first because a.example.com of rome is a name: what it resolves to cannot be checked',
    ],
  },
  {
    name: 'outside the CIDRs that home is configured with',
    given: slice([at('10.1.0.1'), at('203.0.113.5')]),
    networks: configured,
    want: forged([at('10.1.0.1', { nodeName: 'rome' })]),
    withheld: ['1 address withheld: 203.0.113.5 is outside the CIDRs of rome'],
  },
  {
    name: 'remapped: pods under their other name, others under that of their external address',
    given: slice([at('10.244.3.9'), at('10.96.0.1'), at('203.0.113.5'), at('203.0.113.6')]),
    networks: remapped,
    want: forged([at('10.246.3.9', { nodeName: 'rome' }), at('10.247.0.2', { nodeName: 'rome' })]),
    withheld: ['2 addresses withheld, the first because 203.0.113.5 has no address in the external CIDR of rome yet'],
  },
  {
    name: 'remapped IPv6',
    given: slice([at('fd00:10::3:9')], { addressType: 'IPv6' }),
    networks: remapped,
    want: forged([at('fd00:99::3:9', { nodeName: 'rome' })], { addressType: 'IPv6' }),
  },
  {
    name: 'not negotiated yet: nothing is known to be right',
    given: slice([at('10.244.3.9')]),
    networks: networks(),
    want: forged([]),
    withheld: ['1 address withheld: milan has not said yet what it calls the CIDRs of rome'],
  },
  {
    name: 'internal on one side only: told',
    given: slice([at('10.244.3.9')]),
    networks: networks({}, { remote: planned('milan', { internal: false }) }),
    want: forged([]),
    withheld: [
      '1 address withheld: internal is true in rome and false in milan: no tunnel is made and no address is reflected. Set both alike.',
    ],
  },
]

test.each(rows)('$name', ({ given, networks: between = flat, want, withheld = [] }) => {
  const seen = { ...context, networks: between }
  expect(remoteEndpointSlice(given, seen, found)).toEqual(want)
  expect(withheldAddresses(given, seen, found)).toEqual(withheld)
})

test.each([
  { name: 'counts on home', lease: homeLease(context, 0, true), want: ready },
  { name: 'does not', lease: homeLease(context, 0, false), want: { ready: false, serving: false, terminating: false } },
])('where the remote cluster $name, endpoints are as ready', ({ lease, want }) => {
  const { endpoints } = remoteEndpointSlice(slice([at('10.1.0.1')]), context, { ...found, lease: [lease] })
  expect(endpoints).toEqual([at('10.1.0.1', { nodeName: 'rome', conditions: want })])
})

test('each node once', () => {
  const given = slice([
    at('10.1.0.1', { nodeName: 'b' }),
    at('10.1.0.2'),
    at('10.1.0.3', { nodeName: 'a' }),
    at('10.1.0.4', { nodeName: 'b' }),
  ])
  expect(nodesOf(given)).toEqual(['b', 'a'])
  expect(nodesOf({ ...given, endpoints: null })).toEqual([])
})

test('as many endpoints as the source has, in its order', () => {
  const texts = Array.from({ length: 1000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`)
  const { endpoints } = remoteEndpointSlice(slice(texts.map((text) => at(text))), context, {})
  expect((endpoints as { addresses: string[] }[]).map(({ addresses }) => addresses[0])).toEqual(texts)
})

const text = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.string({ maxLength: 12 }))
const endpoint = fc.record(
  {
    addresses: fc.oneof(fc.array(text, { maxLength: 4 }), fc.constant(null)),
    nodeName: fc.oneof(fc.constantFrom('worker', 'liqo-milan', 'bare', 'gone'), fc.constant(null)),
    conditions: fc.oneof(fc.dictionary(fc.constantFrom('ready', 'serving'), fc.boolean()), fc.constant(null)),
    targetRef: fc.oneof(fc.record({ kind: fc.constant('Pod') }), fc.constant(null)),
  },
  { requiredKeys: [] },
)
const modes = fc.constantFrom(flat, configured, remapped, networks(), networks({ reflectIPs: false }))

test('whatever a slice holds: every endpoint has an address and none is on the remote cluster', () => {
  fc.assert(
    fc.property(fc.array(endpoint, { maxLength: 8 }), modes, (endpoints, between) => {
      const given = slice(endpoints)
      const target = remoteEndpointSlice(given, { ...context, networks: between }, found)
      const got = target.endpoints as { addresses: string[]; nodeName: string }[]
      expect(got.every(({ addresses, nodeName }) => addresses.length > 0 && nodeName === 'rome')).toBe(true)
      const native = endpoints.filter(({ nodeName }) => nodeName === 'liqo-milan').length
      expect(got.length).toBeLessThanOrEqual(endpoints.length - native)
      const of = (some: readonly { addresses?: readonly string[] | null }[]) =>
        some.flatMap((one) => one.addresses ?? [])
      const told = withheldAddresses(given, { ...context, networks: between }, found)
      const elsewhere = endpoints.filter(({ nodeName }) => nodeName == null || nodeName === 'worker')
      const isComplete = of(got).length === of(elsewhere).length
      expect(told.length === 0).toBe(isComplete || between.home.networking.reflectIPs === false)
    }),
  )
})

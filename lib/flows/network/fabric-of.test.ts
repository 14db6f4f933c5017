import { expect, test } from 'vitest'
import type { KubeObject } from '../../cluster/port.ts'
import { newMapping } from '../mapping/mapping.ts'
import { type FabricSources, fabricOf, gatewayIn } from './fabric-of.ts'
import { tunnelEndpoint } from './forge.ts'

const KEY = 'Y2FwaXRvbGluZSB3b2xmIGFuZCB0d28gdHdpbnMhISE='
const OTHER_KEY = 'Pmou1IMR9XxMYDH3ORsFxJ6efFDM2LhVgITCvvME8Uw='
const side = {
  cidrs: { podCIDR: '10.244.0.0/16', externalCIDR: '10.245.0.0/16' },
  names: { podCIDR: '10.246.0.0/16', externalCIDR: '10.247.0.0/16' },
}
const gateway = { endpointIP: '192.0.2.2', port: '5871', publicKey: KEY }
const tunnel = (peer: string, change: Partial<typeof gateway> = {}) =>
  tunnelEndpoint(peer, side, side, { ...gateway, ...change })

const node = (name: string, change: { ip?: string; labels?: Record<string, string>; podCIDRs?: string[] } = {}) => {
  const { ip = '172.16.0.2', labels = {}, podCIDRs = ['10.244.0.0/24', 'fd00::/64'] } = change
  const addresses = [
    { type: 'InternalIP', address: 'fd01::2' },
    { type: 'InternalIP', address: ip },
  ]
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: { podCIDRs }, status: { addresses } }
}

interface Pod {
  ready?: boolean
  leaving?: boolean
  since?: string
  podIP?: string
}

const gatewayPod = (
  name: string,
  { ready = true, leaving = false, since = '10:00', podIP = '10.244.0.9' }: Pod = {},
) => {
  const metadata = {
    name,
    creationTimestamp: `2026-01-01T${since}:00Z`,
    ...(leaving && { deletionTimestamp: '2026-01-01T11:00:00Z' }),
  }
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { nodeName: `node-of-${name}` },
    status: { podIP, conditions },
  }
}

const fabric = (change: Partial<FabricSources>) => served(change).fabric

const served = (change: Partial<FabricSources>) =>
  fabricOf('rome', 1340, { tunnels: [], mappings: [], nodes: [], gateways: [], ...change })

test('peers and nodes in order, with what of the cluster each peer reaches', () => {
  const mappings = [
    newMapping('milan', '10.96.0.1', '10.245.0.9'),
    newMapping('milan', '10.96.0.1', '10.245.0.2'),
    newMapping('milan', '10.96.0.2', '10.9.0.2'),
    newMapping('turin', '10.96.0.1', '10.245.0.2'),
  ]
  const { peers, nodes } = fabric({
    tunnels: [tunnel('turin', { endpointIP: '2001:db8::1', publicKey: OTHER_KEY }), tunnel('milan')],
    mappings,
    nodes: [node('b', { ip: '172.16.0.3' }), node('a')],
  })
  const reached = peers.map(({ id, endpoint, mappings }) => ({ id, endpoint, mappings }))
  expect(reached).toEqual([
    { id: 'milan', endpoint: '192.0.2.2:5871', mappings: { '10.96.0.1': '10.245.0.2' } },
    { id: 'turin', endpoint: '[2001:db8::1]:5871', mappings: { '10.96.0.1': '10.245.0.2' } },
  ])
  expect(nodes.map(({ name, ip, podCIDRs }) => [name, ip, podCIDRs.length])).toEqual([
    ['a', '172.16.0.2', 2],
    ['b', '172.16.0.3', 2],
  ])
})

test('of nodes with one address the ready one counts, else the latest', () => {
  const made = (name: string, since: string, ready?: boolean) => {
    const { status, metadata, ...rest } = node(name)
    const conditions = [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }]
    return {
      ...rest,
      metadata: { ...metadata, creationTimestamp: `2026-01-01T${since}:00Z` },
      status: { ...status, conditions },
    }
  }
  const names = (nodes: KubeObject[]) => fabric({ nodes }).nodes.map(({ name }) => name)
  expect(names([made('old', '10:00'), made('new', '11:00', true)])).toEqual(['new'])
  expect(names([made('old', '10:00', true), made('new', '11:00')])).toEqual(['old'])
  expect(names([made('new', '11:00'), made('old', '10:00')])).toEqual(['new'])
})

test('of peers with one key the one that was there first has a tunnel, and the other is told', () => {
  const since = (peer: string, at: string) => {
    const object = tunnel(peer)
    return { ...object, metadata: { ...object.metadata, creationTimestamp: `2026-01-01T${at}:00Z` } }
  }
  const { fabric, leftOut } = served({ tunnels: [since('milan', '11:00'), since('turin', '10:00')] })
  expect(fabric.peers.map(({ id }) => id)).toEqual(['turin'])
  expect(leftOut).toEqual([
    {
      reason: 'SameKey',
      isFault: true,
      message: expect.stringMatching(/^milan has no tunnel from rome: it has the gateway key of turin; delete Secret/),
    },
  ])
})

test('a peer whose network holds a node has no tunnel, which would take the traffic of that node', () => {
  const { fabric, leftOut } = served({
    tunnels: [tunnel('milan')],
    nodes: [node('a'), node('b', { ip: '10.246.7.7' })],
  })
  expect(fabric.peers).toEqual([])
  expect(fabric.nodes).toHaveLength(2)
  expect(leftOut).toEqual([
    {
      reason: 'NodeInNetwork',
      isFault: true,
      message: expect.stringMatching(
        /node b \(10\.246\.7\.7\) of rome is in 10\.246\.0\.0\/16, .*CLUSTER_ROME_RESERVED_SUBNETS/,
      ),
    },
  ])
})

test('virtual nodes, and nodes without an address, are none', () => {
  const { nodes } = fabric({
    nodes: [node('a', { labels: { 'liqo.io/type': 'virtual-node' } }), node('b', { ip: '' })],
  })
  expect(nodes).toEqual([])
})

test.each<[name: string, spoilt: KubeObject]>([
  ['an endpoint', tunnel('milan', { endpointIP: 'x\nPostUp = reboot' })],
  ['a port', tunnel('milan', { port: '0' })],
  ['a key', tunnel('milan', { publicKey: 'none' })],
  ['a CIDR', { ...tunnel('milan'), spec: { ...(tunnel('milan').spec as object), localNATPodCIDR: '10.1.0.0' } }],
])('a TunnelEndpoint with a spoilt %s is left out, and the others stay', (_, spoilt) => {
  expect(fabric({ tunnels: [spoilt, tunnel('turin')] }).peers.map(({ id }) => id)).toEqual(['turin'])
})

test.each<[name: string, pods: ReturnType<typeof gatewayPod>[], want: string | undefined]>([
  ['the latest of those that are ready', [gatewayPod('b', { since: '10:01' }), gatewayPod('a')], 'b'],
  ['a ready one before a later one', [gatewayPod('b', { since: '10:01', ready: false }), gatewayPod('a')], 'a'],
  ['one that stays before a ready one', [gatewayPod('b', { leaving: true }), gatewayPod('a', { ready: false })], 'a'],
  ['one that leaves while it is the only one', [gatewayPod('a', { leaving: true })], 'a'],
  ['none without an address', [gatewayPod('a', { podIP: '' })], undefined],
])('the gateway is %s', (_, pods, want) => {
  expect(gatewayIn(pods)?.node).toBe(want && `node-of-${want}`)
})

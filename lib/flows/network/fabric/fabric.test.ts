import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../../../infra/local/root.ts'
import { type Fabric, type FabricPeer, renderFabric } from './index.ts'
import { ANSWER_MARK, GATEWAY_RULES, NODE_RULES, OVERLAY_DEVICE, TUNNEL_DEVICE } from './names.ts'

const KEY = 'Pmou1IMR9XxMYDH3ORsFxJ6efFDM2LhVgITCvvME8Uw='

/** Both clusters have 10.200.0.0/16 and 10.61.0.0/16, and call each other's otherwise. */
const milan: FabricPeer = {
  id: 'milan',
  publicKey: KEY,
  endpoint: '198.51.100.2:5871',
  cidrs: {
    localPodCIDR: '10.200.0.0/16',
    localNATPodCIDR: '10.201.0.0/16',
    localExternalCIDR: '10.61.0.0/16',
    localNATExternalCIDR: '10.63.0.0/16',
    remotePodCIDR: '10.200.0.0/16',
    remoteNATPodCIDR: '10.202.0.0/16',
    remoteExternalCIDR: '10.61.0.0/16',
    remoteNATExternalCIDR: '10.62.0.0/16',
  },
  mappings: { '10.96.0.1': '10.61.0.2' },
}

const rome: Fabric = {
  cluster: 'rome',
  peers: [milan],
  nodes: [
    { name: 'one', ip: '172.16.10.1', podCIDRs: ['10.200.1.0/24', 'fd00:1::/64'] },
    { name: 'two', ip: '172.16.10.2', podCIDRs: ['10.200.2.0/24'] },
  ],
  gateway: { node: 'one', ip: '10.200.1.7' },
  mtu: 1340,
}

const jsonOf = (fabric: Fabric, file: string) => JSON.parse(renderFabric(fabric)[file]!)

/** Elements of a map or set of the text, as one line each. */
const elementsOf = (text: string, name: string): string[] => {
  const block = new RegExp(`(?:map|set) ${name} \\{(.*?)\\n\\t\\}`, 's').exec(text)![1]!
  const elements = /elements = \{(.*)\}/s.exec(block)?.[1] ?? ''
  return elements.split(',').flatMap((element) => element.trim() || [])
}

describe('the gateway', () => {
  test('has one peer a tunnel, the nodes in its overlay, and routes of its own', () => {
    expect(jsonOf(rome, 'gateway.json')).toEqual({
      version: 1,
      cluster: 'rome',
      mtu: 1340,
      tunnel: {
        address: '169.254.0.1',
        port: 5871,
        probePort: 12345,
        peers: [
          {
            id: 'milan',
            publicKey: KEY,
            endpoint: '198.51.100.2:5871',
            allowedIPs: ['10.202.0.0/16', '10.62.0.0/16'],
            seenAs: '10.201.0.0/16',
            probe: '10.62.0.1',
          },
        ],
      },
      overlay: {
        id: 18952,
        port: 4879,
        mac: '02:f0:00:00:00:00',
        neighbours: [
          { ip: '172.16.10.1', mac: '02:f0:ac:10:0a:01' },
          { ip: '172.16.10.2', mac: '02:f0:ac:10:0a:02' },
        ],
      },
      routing: {
        rules: [
          { priority: 600, carriers: true },
          { priority: 601, to: '10.202.0.0/16' },
          { priority: 601, to: '10.62.0.0/16' },
          { priority: 602, fromTunnel: true },
          { priority: 603, answers: true },
        ],
        routes: [
          { to: '10.200.1.0/24', via: '172.16.10.1' },
          { to: '172.16.10.1/32', via: '172.16.10.1' },
          { to: '10.200.2.0/24', via: '172.16.10.2' },
          { to: '172.16.10.2/32', via: '172.16.10.2' },
          { to: '10.202.0.0/16', tunnel: true },
          { to: '10.62.0.0/16', tunnel: true },
          { to: '10.200.0.0/16' },
          { to: '0.0.0.0/0', answers: true, via: '172.16.10.1' },
        ],
      },
    })
  })

  test('translates what comes and goes, under the names of each side', () => {
    const text = renderFabric(rome)['gateway.nft']!
    const [pods, externals] = ['10.202.0.0/16', '10.62.0.0/16']
    expect(elementsOf(text, 'pods_in')).toEqual([
      `${pods} . 10.201.0.0/16 : 10.200.0.0/16`,
      `${externals} . 10.201.0.0/16 : 10.200.0.0/16`,
    ])
    expect(elementsOf(text, 'pods_out')).toEqual([`${pods} : 10.201.0.0/16`, `${externals} : 10.201.0.0/16`])
    expect(elementsOf(text, 'hosts_out')).toEqual([`${pods} : 10.201.0.0`, `${externals} : 10.201.0.0`])
    expect(elementsOf(text, 'tunnels_in')).toEqual([
      `${pods} . 10.63.0.1 : 169.254.0.1`,
      `${externals} . 10.63.0.1 : 169.254.0.1`,
    ])
    expect(elementsOf(text, 'mapped_in_milan')).toEqual(['10.63.0.2 : 10.96.0.1'])
    expect(elementsOf(text, 'mapped_out_milan')).toEqual(['10.96.0.1 : 10.63.0.2'])
    expect(elementsOf(text, 'mapped_reachable_milan')).toEqual(['10.63.0.2 . 10.96.0.1'])
    for (const [packets, what] of [
      ['iifname "heliograph" ip saddr', 'in'],
      ['oifname "heliograph" ip daddr', 'out'],
      ['ip saddr', 'reachable'],
    ]) {
      const led = [pods, externals].map((network) => `${network} : jump mapped_${what}_milan`)
      expect(text).toContain(`\t\t${packets} vmap { ${led.join(', ')} }\n`)
    }
    expect(elementsOf(text, 'pods_reachable')).toEqual([
      `${pods} . 10.201.0.0/16 . 10.200.0.0/16`,
      `${externals} . 10.201.0.0/16 . 10.200.0.0/16`,
    ])
    expect(elementsOf(text, 'overlay_sources')).toEqual([
      '10.200.1.0',
      '10.200.1.1',
      '10.200.2.0',
      '10.200.2.1',
      '172.16.10.1',
      '172.16.10.2',
    ])
  })

  test('translates no names that both sides have kept', () => {
    const cidrs = {
      ...milan.cidrs,
      localNATPodCIDR: 'None',
      localNATExternalCIDR: 'None',
      remotePodCIDR: '10.210.0.0/16',
      remoteNATPodCIDR: 'None',
    }
    const text = renderFabric({ ...rome, peers: [{ ...milan, cidrs }] })['gateway.nft']!
    expect([...elementsOf(text, 'pods_in'), ...elementsOf(text, 'pods_out')]).toEqual([])
    expect(elementsOf(text, 'hosts_out')).toContain('10.210.0.0/16 : 10.200.0.0')
    expect(elementsOf(text, 'mapped_in_milan')).toEqual(['10.61.0.2 : 10.96.0.1'])
    expect(elementsOf(text, 'pods_reachable')).toContain('10.210.0.0/16 . 10.200.0.0/16 . 10.200.0.0/16')
  })

  test('clears host bits, and keeps those of mapped addresses at any length', () => {
    const cidrs = { ...milan.cidrs, localExternalCIDR: '10.61.64.0/18', localNATExternalCIDR: '172.20.64.9/18' }
    const mappings = { '10.96.0.1': '10.61.66.9' }
    const text = renderFabric({ ...rome, peers: [{ ...milan, cidrs, mappings }] })['gateway.nft']!
    expect(elementsOf(text, 'mapped_in_milan')).toEqual(['172.20.66.9 : 10.96.0.1'])
    expect(elementsOf(text, 'tunnels_in')).toContain('10.202.0.0/16 . 172.20.64.1 : 169.254.0.1')
  })
})

describe('what is mapped', () => {
  test('is each peer’s own', () => {
    const turin = { ...milan, id: 'turin', mappings: { '10.96.0.7': '10.61.0.7' } }
    const oslo = { ...milan, id: 'oslo', mappings: {} }
    const text = renderFabric({ ...rome, peers: [milan, turin, oslo] })['gateway.nft']!
    expect(elementsOf(text, 'mapped_in_milan')).toEqual(['10.63.0.2 : 10.96.0.1'])
    expect(elementsOf(text, 'mapped_in_turin')).toEqual(['10.63.0.7 : 10.96.0.7'])
    expect(text).not.toContain('oslo')
  })

  test('leaves room for ten thousand in a Secret', () => {
    const addresses = Array.from({ length: 10_000 }, (_, index) => `${index >> 8}.${index & 255}`)
    const mappings = Object.fromEntries(addresses.map((rest) => [`172.20.${rest}`, `10.61.${rest}`]))
    const files = renderFabric({ ...rome, peers: [{ ...milan, mappings }] })
    const bytes = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0)
    expect(bytes).toBeLessThan(2 ** 20)
  })
})

describe('a node', () => {
  test('sends what is for peers to the gateway', () => {
    expect(jsonOf(rome, 'route.json')).toEqual({
      version: 1,
      cluster: 'rome',
      mtu: 1340,
      overlay: { id: 18952, port: 4879, neighbours: [{ ip: '10.200.1.7', mac: '02:f0:00:00:00:00' }] },
      routing: {
        rules: [
          { priority: 600, to: '10.202.0.0/16' },
          { priority: 600, to: '10.62.0.0/16' },
        ],
        routes: [
          { to: '10.202.0.0/16', via: '10.200.1.7' },
          { to: '10.62.0.0/16', via: '10.200.1.7' },
        ],
      },
      nodes: {
        one: { ip: '172.16.10.1', mac: '02:f0:ac:10:0a:01' },
        two: { ip: '172.16.10.2', mac: '02:f0:ac:10:0a:02' },
      },
    })
    const text = renderFabric(rome)['node.nft']
    expect(text).toContain('udp dport 4879 ip saddr != { 10.200.1.7, 172.16.10.1 } counter drop')
    expect(text).toContain(
      'ip saddr 10.200.0.0/16 ip daddr { 10.202.0.0/16, 10.62.0.0/16 } ' +
        'snat ip prefix to ip saddr map { 10.200.0.0/16 : 10.200.0.0/16 }',
    )
    const inbound = 'ip daddr 10.200.0.0/16 fib daddr type local ct direction original counter drop'
    expect(text).toContain(inbound)
    const [first, second] = rome.nodes
    const inPods = renderFabric({ ...rome, nodes: [first!, { ...second!, ip: '10.200.9.9' }] })['node.nft']
    expect(inPods, 'a node whose own address is a pod address').toContain(
      inbound.replace('fib', 'ip daddr != { 10.200.9.9 } fib'),
    )
  })

  test('sends it nowhere while the gateway is not known, and takes nothing', () => {
    const { gateway: _, ...without } = rome
    const { overlay, routing } = jsonOf(without, 'route.json')
    expect(overlay.neighbours).toEqual([])
    expect(routing.routes).toEqual([{ to: '10.202.0.0/16' }, { to: '10.62.0.0/16' }])
    expect(renderFabric(without)['node.nft']).toContain('udp dport 4879 counter drop')
    expect(jsonOf(without, 'gateway.json').routing.routes.at(-1)).toEqual({ to: '0.0.0.0/0', answers: true })
  })

  test('is left out without an IPv4 address', () => {
    const nodes = [{ name: 'six', ip: 'fd00::1', podCIDRs: ['10.200.3.0/24'] }]
    expect(jsonOf({ ...rome, nodes }, 'route.json').nodes).toEqual({})
    expect(jsonOf({ ...rome, nodes }, 'gateway.json').overlay.neighbours).toEqual([])
  })
})

test('without peers there is nothing to translate or reach', () => {
  const files = renderFabric({ ...rome, peers: [] })
  expect(elementsOf(files['gateway.nft']!, 'pods_reachable')).toEqual([])
  expect(files['node.nft']).not.toContain('snat')
  expect(JSON.parse(files['route.json']!).routing).toEqual({ rules: [], routes: [] })
})

test('equal fabrics make equal text, whatever the order of mappings', () => {
  const mappings = { '10.96.0.1': '10.61.0.2', '10.96.0.9': '10.61.0.3' }
  const reversed = Object.fromEntries(Object.entries(mappings).toReversed())
  const files = [mappings, reversed].map((some) => renderFabric({ ...rome, peers: [{ ...milan, mappings: some }] }))
  expect(files[0]).toEqual(files[1])
})

test.each([
  [{ remoteNATPodCIDR: '10.202.0.0' }, 'milan: remoteNATPodCIDR: 10.202.0.0 is no IPv4 CIDR'],
  [{ localPodCIDR: 'fd00::/64' }, 'milan: localPodCIDR: fd00::/64 is no IPv4 CIDR'],
])('%o is told', (change, message) => {
  const peers = [{ ...milan, cidrs: { ...milan.cidrs, ...change } }]
  expect(() => renderFabric({ ...rome, peers })).toThrow(new RangeError(message))
})

test('a mapping that is no address is told', () => {
  const peers = [{ ...milan, mappings: { '10.96.0.1': '10.61.0' } }]
  expect(() => renderFabric({ ...rome, peers })).toThrow('milan: mappings: 10.61.0 is no IPv4 address')
})

test('the agent has the same names', async () => {
  const source = await readFile(join(ROOT, 'infra', 'gateway', 'config', 'names.go'), 'utf8')
  const value = (name: string) => new RegExp(`^\\s*${name}\\s*=\\s*"?([\\w-]+)`, 'm').exec(source)?.[1]
  expect({
    TunnelDevice: value('TunnelDevice'),
    OverlayDevice: value('OverlayDevice'),
    GatewayRules: value('GatewayRules'),
    NodeRules: value('NodeRules'),
    AnswerMark: value('AnswerMark'),
    Version: value('Version'),
  }).toEqual({
    TunnelDevice: TUNNEL_DEVICE,
    OverlayDevice: OVERLAY_DEVICE,
    GatewayRules: GATEWAY_RULES,
    NodeRules: NODE_RULES,
    AnswerMark: String(ANSWER_MARK),
    Version: String(jsonOf(rome, 'gateway.json').version),
  })
})

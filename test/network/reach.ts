/** Who reaches whom, and as whom. */
import { expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { GATEWAY_RULES } from '../../lib/flows/network/fabric/names.ts'
import { capabilitiesOf } from './agent.ts'
import { connected } from './fabrics.ts'
import { type Pair, SEEN } from './pair.ts'
import { NODES, OUTSIDE, POD_BESIDE_IP, POD_IP } from './topology.ts'
import { answers, ask, capture, serve } from './traffic.ts'

export function reachTests(pair: () => Pair): void {
  test('the agents need CAP_NET_ADMIN alone, and are ready', async () => {
    const { a, b } = pair()
    const agents = [a, b].flatMap(({ agents: { gateway, routes } }) => [gateway, ...routes])
    expect(await Promise.all(agents.map(capabilitiesOf))).toEqual(agents.map(() => '0000000000001000'))
    expect(await Promise.all(agents.map((agent) => agent.ready()))).toEqual(agents.map(() => true))
  })

  test('both gateways tell that they are connected, and how fast', async () => {
    const { a, b } = pair()
    await connected(a, 'b')
    await connected(b, 'a')
    expect(await a.connection('b')).toEqual({
      status: 'Connected',
      statusMessage: 'The gateway of b answers',
      latency: { value: expect.stringMatching(/^[\d.]+(µs|ms|s)$/), timestamp: expect.stringMatching(/^\d{4}-.*Z$/) },
      peerConfiguration: {
        publicKey: await b.publicKey(),
        endpoint: '198.51.100.2:5871',
        allowedIPs: '10.202.0.0/16,10.62.0.0/16',
      },
    })
  })

  test('without the rules no remapped address answers; rules that somebody removes come back', async () => {
    const { a, b, configure } = pair()
    for (const { gateway } of [a, b]) await gateway.run('nft', 'delete', 'table', 'ip', GATEWAY_RULES)
    expect(await answers(a.pod, SEEN.b.pod)).toBe(false)
    await configure({ a: { mtu: 1339 }, b: { mtu: 1339 } })
    await configure()
    expect(await answers(a.pod, SEEN.b.pod)).toBe(true)
  })

  test.each([
    ['a pod of a', 'a', 'pod', 'pod'],
    ['a pod of b', 'b', 'pod', 'pod'],
    ["a pod on the gateway's node of a", 'a', 'podBeside', 'podBeside'],
    ["a pod on the gateway's node of b", 'b', 'podBeside', 'pod'],
  ] as const)('%s pings a pod of the other', async (_, from, pod, other) => {
    const address = SEEN[from === 'a' ? 'b' : 'a'][other]
    expect(await answers(pair()[from][pod], address)).toBe(true)
  })

  test('each server sees the pod as its own cluster calls it', async () => {
    const { a, b } = pair()
    await Promise.all([serve(a.pod, 8080), serve(b.pod, 8080)])
    expect(await ask(a.pod, SEEN.b.pod, 8080)).toBe(`${SEEN.a.pod} ${POD_IP}`)
    expect(await ask(b.pod, SEEN.a.pod, 8080)).toBe(`${SEEN.b.pod} ${POD_IP}`)
    expect(await ask(a.podBeside, POD_IP, 8080), 'between pods of a cluster').toBe(`${POD_BESIDE_IP} ${POD_IP}`)
  })

  test("the tunnel carries the peer's view only, and both ways cross the node's overlay", async () => {
    const { a } = pair()
    const tunnel = await capture(a.gateway, 'heliograph', 4, 'icmp')
    const overlay = await capture(a.node, 'heliograph-vx', 4, 'icmp')
    expect(await answers(a.pod, SEEN.b.pod)).toBe(true)
    const pairs = (await tunnel.lines).map((line) => / IP (\S+ > \S+):/.exec(line)?.[1])
    expect(new Set(pairs)).toEqual(new Set([`${SEEN.a.pod} > ${SEEN.b.pod}`, `${SEEN.b.pod} > ${SEEN.a.pod}`]))
    const overlaid = (await overlay.lines).join('\n')
    expect(overlaid).toContain('echo request')
    expect(overlaid).toContain('echo reply')
  })

  test('a node is seen as the first address of its cluster', async () => {
    const { a, b } = pair()
    expect(await ask(b.node, SEEN.a.pod, 8080)).toBe(`${SEEN.b.hosts} ${POD_IP}`)
    expect(await ask(b.gatewayNode, SEEN.a.pod, 8080)).toBe(`${SEEN.b.hosts} ${POD_IP}`)
    expect(await ask(a.gatewayNode, SEEN.b.pod, 8080)).toBe(`${SEEN.a.hosts} ${POD_IP}`)
  })

  test('gateways reach each other by the first external address', async () => {
    const { a, b } = pair()
    expect(await answers(a.gateway, SEEN.b.tunnel)).toBe(true)
    expect(await answers(b.gateway, SEEN.a.tunnel)).toBe(true)
  })

  test('a mapped address leads to an endpoint that is no pod', async () => {
    const { a, b, outside } = pair()
    await Promise.all([serve(a.node, 9090), serve(outside, 9090)])
    expect(await ask(b.pod, SEEN.node, 9090), 'a node knows the way back').toBe(`${SEEN.b.pod} ${NODES[1].ip}`)
    expect(await ask(b.pod, SEEN.withRoute, 9090)).toBe(`192.0.2.1 ${OUTSIDE.withRoute}`)
    expect(await ask(b.pod, SEEN.without, 9090), 'no way back').toBe(`192.0.2.1 ${OUTSIDE.without}`)
    expect(await answers(b.pod, SEEN.unmapped), 'not mapped').toBe(false)
  })

  test('what such an endpoint begins comes from its mapped address', async () => {
    const { a, outside } = pair()
    expect(await ask(outside, SEEN.b.pod, 8080, OUTSIDE.withRoute)).toBe(`${SEEN.withRoute} ${POD_IP}`)
    expect(await ask(a.node, SEEN.b.pod, 8080)).toBe(`${SEEN.node} ${POD_IP}`)
  })

  test('pods keep 1500 bytes, and are told what the tunnel takes', async () => {
    const { a } = pair()
    const { stdout, stderr } = await a.pod.try('ping', '-c1', '-W1', '-M', 'do', '-s', '1472', SEEN.b.pod)
    expect(stdout + stderr).toMatch(/mtu ?= ?1340/i)
    const fits = ['-M', 'do', '-s', String(1340 - 28)]
    await eventually('a ping of exactly the MTU', () => answers(a.pod, SEEN.b.pod, ...fits))
  })
}

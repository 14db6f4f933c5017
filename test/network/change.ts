/** What may happen to the clusters while packets go between them. */
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { GATEWAY, GATEWAY_KEY, NODE_RULES, ROUTE } from '../../lib/flows/network/fabric/names.ts'
import { tunnelCIDRs } from './fabrics.ts'
import { B, MAPPINGS, type Pair, SEEN } from './pair.ts'
import { addPod, GATEWAY_IP, masquerade, NODES, POD_CIDR, POD_IP, serveGateway } from './topology.ts'
import { answers, ask, capture, lossOf, pour } from './traffic.ts'

const MEGABYTE = 1 << 20
const RBAC = '/apis/rbac.authorization.k8s.io/v1'

export function changeTests(pair: () => Pair): void {
  const bothWays = async () => {
    const { a, b } = pair()
    await eventually('a to b', () => answers(a.pod, SEEN.b.pod))
    await eventually('b to a', () => answers(b.pod, SEEN.a.pod))
  }

  test('a transfer goes on although both gateways forget every connection', async () => {
    const { a, b } = pair()
    const stream = await pour(a.pod, b.pod, SEEN.b.pod, 5301)
    await stream.flows(MEGABYTE)
    for (const { gateway } of [a, b]) await gateway.run('conntrack', '-F')
    await stream.flows(8 * MEGABYTE)
    stream.stop()
  })

  test('no ping is lost, and a transfer goes on, while the configuration is applied again and again', async () => {
    const { a, b, configure } = pair()
    const stream = await pour(a.pod, b.pod, SEEN.b.pod, 5305)
    const loss = lossOf(a.pod, SEEN.b.pod, 1500, 0.004)
    for (let round = 0; round < 10; round++) {
      await configure({
        a: { peer: { mappings: { ...MAPPINGS, [`192.0.2.${100 + round}`]: '10.61.0.7' } } },
        b: { mtu: 1330 - round },
      })
    }
    expect(await loss).toBe(0)
    await stream.flows(MEGABYTE)
    stream.stop()
    await configure()
  })

  test('a transfer goes on although an agent is killed and comes again', async () => {
    const { a, b } = pair()
    const stream = await pour(a.pod, b.pod, SEEN.b.pod, 5302)
    await stream.flows(MEGABYTE)
    await b.agents.gateway.end('SIGKILL')
    await b.gateway.run('conntrack', '-F')
    await b.startGateway()
    await stream.flows(8 * MEGABYTE)
    stream.stop()
    await bothWays()
  })

  test('agents of nodes are replaced, and no ping is lost', async () => {
    const { a } = pair()
    const loss = lossOf(a.pod, SEEN.b.pod, 500, 0.005)
    await a.agents.routes[1].end('SIGTERM')
    await a.startRoute(1)
    await eventually('the agent ready', async () => (await a.agents.routes[1].ready()) === true)
    expect(await loss).toBe(0)
  })

  test("the gateway's Pod is replaced by one on the same node with another address", async () => {
    const { a, b, net, configure } = pair()
    const stream = await pour(a.pod, b.pod, SEEN.b.pod, 5303)
    await stream.flows(MEGABYTE)
    const other = await net.space('a-gateway-2')
    const ip = '10.200.1.8'
    await addPod(net, a.gatewayNode, other, ip)
    await a.agents.gateway.end('SIGTERM')
    await serveGateway(a.gatewayNode, a.publicIP, ip, POD_CIDR)
    await a.startGateway(other, ip)
    await configure({ a: { gateway: { node: NODES[0].name, ip } } })
    await stream.flows(8 * MEGABYTE)
    stream.stop()
    await a.agents.gateway.end('SIGTERM')
    await serveGateway(a.gatewayNode, a.publicIP, GATEWAY_IP, POD_CIDR)
    await a.startGateway()
    await configure()
    await bothWays()
  })

  test("a gateway whose Pod is deleted and whose kubelet is dead leaves the peers to the next one's", async () => {
    const { a, net, configure } = pair()
    const old = a.agents.gateway
    const name = 'gateway-of-the-dead'
    const spec = { nodeName: NODES[0].name, serviceAccountName: GATEWAY, containers: [{ name: 'c', image: 'i' }] }
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name } }
    await a.apply(`pods/${name}`, { ...pod, spec })
    const status = { phase: 'Running', hostIP: NODES[0].ip, podIP: GATEWAY_IP, podIPs: [{ ip: GATEWAY_IP }] }
    await a.apply(`pods/${name}/status`, { ...pod, status })
    // It looks which Pod is its own whenever it has something to do.
    await configure({ a: { mtu: 1339 } })
    await configure()
    expect(await answers(a.gateway, SEEN.b.tunnel), 'control: before').toBe(true)
    // Nobody is there to end it: it stays as it is.
    await a.delete(`pods/${name}`)
    await eventually('it knows', async () => /Pod is deleted/.test(String(await old.ready())))
    expect(await answers(a.gateway, SEEN.b.tunnel)).toBe(false)
    const other = await net.space('a-gateway-3')
    const ip = '10.200.1.9'
    await addPod(net, a.gatewayNode, other, ip)
    await serveGateway(a.gatewayNode, a.publicIP, ip, POD_CIDR)
    await a.startGateway(other, ip)
    await configure({ a: { gateway: { node: NODES[0].name, ip } } })
    await bothWays()
    expect(await answers(a.gateway, SEEN.b.tunnel), 'the old one, which still runs').toBe(false)
    await Promise.all([old.end('SIGTERM'), a.agents.gateway.end('SIGTERM')])
    await a.delete(`pods/${name}?gracePeriodSeconds=0`)
    await serveGateway(a.gatewayNode, a.publicIP, GATEWAY_IP, POD_CIDR)
    await a.startGateway()
    await configure()
    await bothWays()
  })

  test('while no gateway is known, packets for the peer leave the node for nowhere else', async () => {
    const { a, configure } = pair()
    await configure({ a: { gateway: 'none' } })
    const { stdout } = await a.pod.try('ping', '-c1', '-W1', SEEN.b.pod)
    expect(stdout).toContain('Destination Host Unreachable')
    await configure()
    await bothWays()
  })

  test("while a node's overlay is down or gone, packets for the peer leave it for nowhere else", async () => {
    const { a, configure } = pair()
    const { pid } = a.agents.routes[1]
    const left = await capture(a.gatewayNode, 'n0', 1, `icmp and dst ${SEEN.b.pod}`)
    // Else it would mend what is broken.
    process.kill(pid, 'SIGSTOP')
    try {
      for (const hindrance of ['set heliograph-vx down', 'del heliograph-vx']) {
        await a.node.ip(`link ${hindrance}`)
        await a.pod.try('ping', '-c1', '-W1', SEEN.b.pod)
        // What a ping is told is limited by rate.
        expect((await a.node.try('ip', 'route', 'get', SEEN.b.pod)).stderr, hindrance).toContain('No route to host')
      }
      await a.node.ip('route flush table 18952')
      await a.pod.try('ping', '-c1', '-W1', '-s1000', SEEN.b.pod)
      expect((await left.lines).join(), 'the first that left: the control, without the routes').toMatch(/length 1008/)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await configure({ a: { mtu: 1339 } })
    await configure()
    await bothWays()
  })

  test("the peer's address changes", async () => {
    const { a, b, configure } = pair()
    const stream = await pour(a.pod, b.pod, SEEN.b.pod, 5304)
    await stream.flows(MEGABYTE)
    const moved = '198.51.100.22'
    await b.gatewayNode.ip(`addr del ${b.publicIP}/24 dev wan0`, `addr add ${moved}/24 dev wan0`)
    await serveGateway(b.gatewayNode, moved, GATEWAY_IP, POD_CIDR)
    await b.gatewayNode.run('conntrack', '-F')
    await configure({ a: { peer: { endpoint: `${moved}:5871` } } })
    await stream.flows(8 * MEGABYTE)
    stream.stop()
    expect(
      (
        await eventually('the new endpoint', async () => {
          const { peerConfiguration } = await a.connection('b')
          return peerConfiguration?.endpoint?.startsWith(moved) && peerConfiguration
        })
      ).endpoint,
    ).toBe(`${moved}:5871`)
    await b.gatewayNode.ip(`addr del ${moved}/24 dev wan0`, `addr add ${b.publicIP}/24 dev wan0`)
    await serveGateway(b.gatewayNode, b.publicIP, GATEWAY_IP, POD_CIDR)
    await b.gatewayNode.run('conntrack', '-F')
    await configure()
    await bothWays()
  })

  test('the clusters come to call each other otherwise, and what goes on is translated anew', async () => {
    const { a, b, configure } = pair()
    const ping = a.pod.start('ping', '-i0.1', SEEN.b.pod)
    let replies = 0
    createInterface({ input: ping.stdout! }).on('line', (line) => {
      if (line.includes('bytes from')) replies++
    })
    await eventually('replies', async () => replies > 0)
    const other = { pods: '10.211.0.0/16', externals: '10.73.0.0/16' }
    await configure({ a: { peer: { cidrs: tunnelCIDRs(B, other) } }, b: { peer: { cidrs: tunnelCIDRs(other, B) } } })
    const before = replies
    await eventually('more replies', async () => replies > before + 5)
    ping.kill()
    expect(await ask(a.pod, SEEN.b.pod, 8080)).toBe(`10.211.2.10 ${POD_IP}`)
    expect(await answers(b.pod, SEEN.a.pod), 'by the old name').toBe(false)
    await configure()
    await bothWays()
  })

  test('an MTU that the network of the gateway does not take is told', async () => {
    const { a, configure } = pair()
    await configure({ a: { mtu: 1441 } })
    const message = /the MTU of 1441 is too large for the gateway's network, which takes 1440/
    await eventually('the message', async () => message.test((await a.connection('b')).statusMessage ?? ''))
    await configure()
  })

  test('another key of one gateway, by deleting its Secret', async () => {
    const { a, b, configure } = pair()
    const before = await b.publicKey()
    await b.delete(`secrets/${GATEWAY_KEY}`)
    await eventually('another public key', async () => (await b.publicKey()) !== before)
    await configure()
    await bothWays()
    const key = await b.publicKey()
    await eventually('a tells of it', async () => {
      const { status, peerConfiguration } = await a.connection('b')
      return status === 'Connected' && peerConfiguration?.publicKey === key
    })
  })

  test('a public key that somebody removes or spoils comes back', async () => {
    const { b } = pair()
    const key = await b.publicKey()
    await b.delete(`configmaps/${GATEWAY_KEY}`)
    await eventually('it is back', async () => (await b.get(`configmaps/${GATEWAY_KEY}`)) !== undefined)
    expect(await b.publicKey()).toBe(key)
    const spoilt = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: GATEWAY_KEY }, data: { publicKey: 'x' } }
    await b.apply(`configmaps/${GATEWAY_KEY}`, spoilt)
    await eventually('it is right', async () => (await b.publicKey()) === key)
  })

  test('what a gateway fails at is told, and takes it not out of its Service', async () => {
    const { a } = pair()
    const role = { apiVersion: RBAC.slice('/apis/'.length), kind: 'Role', metadata: { name: GATEWAY } }
    const { rules } = (await a.get(`roles/${GATEWAY}`, RBAC)) as { rules: { resources: string[]; verbs: string[] }[] }
    const fewer = rules.map((rule) =>
      rule.resources[0] === 'configmaps' ? { ...rule, verbs: ['list', 'watch'] } : rule,
    )
    await a.apply(`roles/${GATEWAY}`, { ...role, rules: fewer }, RBAC)
    try {
      await eventually('it is told', async () => {
        // Again: rights that are taken go a moment later.
        await a.delete(`configmaps/${GATEWAY_KEY}`)
        return (await a.connection('b')).statusMessage?.includes('the public key is not in the ConfigMap')
      })
      expect(await a.agents.gateway.ready()).toBe(true)
      expect((await a.connection('b')).status).toBe('Connected')
    } finally {
      await a.apply(`roles/${GATEWAY}`, { ...role, rules }, RBAC)
    }
    await eventually('it is published', () => a.get(`configmaps/${GATEWAY_KEY}`))
  })

  test('a CNI that masquerades takes the identity of no pod, either way', async () => {
    const { a, b, configure } = pair()
    for (const cluster of [a, b]) {
      await masquerade(cluster)
      for (const node of [cluster.node, cluster.gatewayNode])
        await node.run('nft', 'delete', 'chain', 'ip', NODE_RULES, 'outbound_nat')
    }
    const without = await ask(a.pod, SEEN.b.pod, 8080)
    for (const cluster of [a, b]) {
      for (const node of [cluster.node, cluster.gatewayNode]) await node.run('nft', 'delete', 'table', 'ip', NODE_RULES)
    }
    await configure({ a: { mtu: 1339 }, b: { mtu: 1339 } })
    await configure()
    expect(await ask(a.pod, SEEN.b.pod, 8080)).toBe(`${SEEN.a.pod} ${POD_IP}`)
    expect(await ask(b.pod, SEEN.a.pod, 8080)).toBe(`${SEEN.b.pod} ${POD_IP}`)
    expect(without, 'control: without the rule before it').not.toBe(`${SEEN.a.pod} ${POD_IP}`)
  })

  test("a name as the peer's endpoint is looked up again while the peer does not answer", async () => {
    const { a, b, net, configure } = pair()
    await net.hosts(a.gateway, { '198.51.100.99': 'gateway.b.test' })
    // Neither knows where the other is: else WireGuard would follow the one that speaks.
    await configure({
      a: { peer: { endpoint: 'gateway.b.test:5871' } },
      b: { peer: { endpoint: '198.51.100.98:5871' } },
    })
    expect(await answers(a.pod, SEEN.b.pod)).toBe(false)
    await net.hosts(a.gateway, { [b.publicIP]: 'gateway.b.test' })
    await bothWays()
    await configure()
    await bothWays()
  })

  test("a pod is found whose address is not in its node's networks", async () => {
    const { a, b } = pair()
    const ip = '10.200.9.9'
    await a.pod.ip(`addr add ${ip}/32 dev eth0`)
    await a.node.ip(`route add ${ip} dev cni0`)
    const { stdout } = await b.pod.try('ping', '-c1', '-W1', '10.201.9.9')
    expect(stdout, 'control: before its Pod is known').toContain('Destination Host Unreachable')
    const spec = { nodeName: NODES[1].name, serviceAccountName: ROUTE, containers: [{ name: 'c', image: 'i' }] }
    await a.apply('pods/elsewhere', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'elsewhere' }, spec })
    const status = { phase: 'Running', hostIP: NODES[1].ip, podIP: ip, podIPs: [{ ip }] }
    await a.apply('pods/elsewhere/status', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'elsewhere' }, status })
    await eventually('the pod answers', () => answers(b.pod, '10.201.9.9'))
  })
}

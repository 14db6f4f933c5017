/** What a peer does not reach: anything but pods and mapped addresses, whatever it sends into its tunnel. */
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { GATEWAY_RULES, NODE_RULES } from '../../lib/flows/network/fabric/names.ts'
import { MAPPINGS, type Pair, SEEN } from './pair.ts'
import type { Site } from './site.ts'
import type { Space } from './space.ts'
import { NODES, OUTSIDE, POD_IP } from './topology.ts'
import { answers, ask, pour } from './traffic.ts'

export function refuseTests(pair: () => Pair): void {
  test('a peer that adds its own routes reaches no node, and no pod by its own name', async () => {
    const { a, b, configure } = pair()
    // An address that a takes for one of b's pods, straight into the tunnel.
    const rogue = '10.202.77.77'
    const targets = [NODES[0].ip, NODES[1].ip, POD_IP]
    const rule = (ip: string) => `to ${ip} lookup 77 priority 10`
    const key = await a.publicKey()
    const reaches = async (target: string) => {
      for (;;) {
        await allow(b, key, target)
        const isAnswered = await answers(b.gateway, target, '-I', rogue)
        // The agent takes it back, now and then.
        if ((await device(b, 'get=1')).includes(`allowed_ip=${target}/32`)) return isAnswered
      }
    }
    await b.gateway.ip(`addr add ${rogue}/32 dev heliograph`)
    await b.gateway.ip(...targets.map((ip) => `rule add ${rule(ip)}`))
    await b.gateway.ip(...targets.map((ip) => `route add ${ip} dev heliograph table 77`))
    try {
      for (const target of targets) expect(await reaches(target), target).toBe(false)
      await a.gateway.run('nft', 'insert', 'rule', 'ip', GATEWAY_RULES, 'from_peer', 'accept')
      expect(await reaches(NODES[0].ip), 'control: with the filter open').toBe(true)
    } finally {
      await b.gateway.ip(`addr del ${rogue}/32 dev heliograph`, ...targets.map((ip) => `rule del ${rule(ip)}`))
      await a.gateway.run('nft', 'delete', 'table', 'ip', GATEWAY_RULES)
      await configure({ a: { mtu: 1339 }, b: { mtu: 1339 } })
      await configure()
    }
    expect(await answers(a.pod, SEEN.b.pod)).toBe(true)
  })

  test('the address that a node has among its pods answers no peer, nor does a NodePort there', async () => {
    const { a, b, configure } = pair()
    const seen = SEEN.a.pod.replace(/\d+$/, '1')
    await a.node.nft(`table ip nodeports {
  chain inbound {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local tcp dport 30080 dnat to ${POD_IP}:8080
  }
}
`)
    const reached = async () => [await answers(b.pod, seen), (await ask(b.pod, seen, 30080)) !== '']
    try {
      expect(await reached()).toEqual([false, false])
      await a.node.run('nft', 'flush', 'chain', 'ip', NODE_RULES, 'inbound')
      expect(await reached(), 'control: without the rule').toEqual([true, true])
    } finally {
      await a.node.run('nft', 'delete', 'table', 'ip', 'nodeports')
      await a.node.run('nft', 'delete', 'table', 'ip', NODE_RULES)
      await configure({ a: { mtu: 1339 }, b: { mtu: 1339 } })
      await configure()
    }
    expect(await reached()).toEqual([false, false])
    expect(await answers(b.node, SEEN.a.pod), 'what nodes begin is answered').toBe(true)
    expect(await answers(a.node, SEEN.b.pod)).toBe(true)
  })

  test('what is mapped no more is reached no more, not even over a connection that there was', async () => {
    const { a, b, outside, configure } = pair()
    const stream = await pour(b.pod, outside, SEEN.without, 9191)
    await stream.flows(1 << 20)
    const { [NODES[1].ip]: node, ...rest } = MAPPINGS
    await configure({ a: { peer: { mappings: { [NODES[1].ip]: node! } } } })
    const before = stream.bytes()
    expect(await ask(b.pod, SEEN.without, 9090)).toBe('')
    expect(await ask(b.pod, SEEN.node, 9090)).not.toBe('')
    expect(stream.bytes() - before).toBeLessThan(1 << 20)
    stream.stop()
    await configure({ a: { peer: { mappings: rest } } })
    expect(await ask(b.pod, SEEN.without, 9090)).not.toBe('')
    expect(await ask(b.pod, SEEN.node, 9090)).toBe('')
    await configure()
    expect(await answers(a.pod, SEEN.b.pod)).toBe(true)
  })

  test('an address that is given to another leads no connection to the one before', async () => {
    const { a, b, outside, configure } = pair()
    const stream = await pour(b.pod, outside, SEEN.without, 9192)
    await stream.flows(1 << 20)
    const { [OUTSIDE.without]: one, [OUTSIDE.withRoute]: other, ...rest } = MAPPINGS
    const swapped = { ...rest, [OUTSIDE.without]: other!, [OUTSIDE.withRoute]: one! }
    await configure({ a: { peer: { mappings: swapped } } })
    await eventually('nothing more comes over the connection', async () => {
      const before = stream.bytes()
      expect(await ask(b.pod, SEEN.without, 9090)).toBe(`192.0.2.1 ${OUTSIDE.withRoute}`)
      expect(await ask(b.pod, SEEN.withRoute, 9090)).toBe(`192.0.2.1 ${OUTSIDE.without}`)
      return stream.bytes() === before
    })
    stream.stop()
    await configure()
    expect(await answers(a.pod, SEEN.b.pod)).toBe(true)
  })

  test("the overlay takes packets of the gateway's Pod only", async () => {
    const { a } = pair()
    const dropped = async () => {
      const chain = await a.node.run('nft', 'list', 'chain', 'ip', NODE_RULES, 'overlay')
      return Number(/counter packets (\d+)/.exec(chain)![1])
    }
    const before = await dropped()
    await sendToOverlay(a.podBeside)
    await eventually('a forged packet dropped', async () => (await dropped()) > before)
    const real = await dropped()
    await sendToOverlay(a.gateway)
    expect(await answers(a.pod, SEEN.b.pod)).toBe(true)
    expect(await dropped()).toBe(real)
  })
}

/** Sends a datagram to the overlay of the other node. */
async function sendToOverlay(from: Space): Promise<void> {
  const script = `require('dgram').createSocket('udp4').send('x', 4879, '${NODES[1].ip}', () => process.exit())`
  await from.run(process.execPath, '-e', script)
}

/** Has a gateway take one more address for its peer's. */
async function allow(site: Site, publicKey: string, ip: string): Promise<void> {
  const key = Buffer.from(publicKey, 'base64').toString('hex')
  const answer = await device(site, 'set=1', `public_key=${key}`, 'update_only=true', `allowed_ip=${ip}/32`)
  expect(answer).toBe('errno=0\n\n')
}

/** Asks a gateway's userspace WireGuard, by its socket. */
async function device({ agents }: Site, ...lines: string[]): Promise<string> {
  const socket = connect(`/proc/${agents.gateway.pid}/root/run/wireguard/heliograph.sock`)
  socket.end(`${lines.join('\n')}\n\n`)
  let answer = ''
  for await (const chunk of socket) answer += chunk
  return answer
}

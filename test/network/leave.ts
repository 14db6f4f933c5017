/** Mistakes in what the agents are given, what they keep to themselves, and the end. */
import { expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { renderFabric } from '../../lib/flows/network/fabric/index.ts'
import { FABRIC, GATEWAY, GATEWAY_KEY, ROUTE } from '../../lib/flows/network/fabric/names.ts'
import { connected, fabricOf, peerOf, tunnelCIDRs } from './fabrics.ts'
import { A, B, type Pair, SEEN } from './pair.ts'
import { traces } from './traces.ts'
import { answers } from './traffic.ts'

export function leaveTests(pair: () => Pair): void {
  test.each([
    ['gateway.json', '{"version": 2}', /version 2 is unknown to this agent, which reads 1: use the agent's image/],
    ['gateway.nft', 'table ip heliograph { nonsense }', /gateway\.nft: nft: .*syntax error/],
  ])('a bad %s is refused and told, and the one before stays', async (file, text, message) => {
    const { a, b } = pair()
    const files = renderFabric(fabricOf(a, [await peerOf(b, tunnelCIDRs(B, A))]))
    await a.configure({ ...files, [file]: text })
    await eventually('the message', async () => message.test((await a.connection('b')).statusMessage ?? ''))
    expect(await a.agents.gateway.ready(), 'it is to stay in the Service').toBe(true)
    expect(await answers(a.pod, SEEN.b.pod)).toBe(true)
  })

  test.each([
    ['route.json', '{}', /version 0 is unknown/],
    ['node.nft', 'nonsense', /node\.nft: nft: .*syntax error/],
  ])('a bad %s too, and the agent is not ready', async (file, text, message) => {
    const { a, b } = pair()
    const files = renderFabric(fabricOf(a, [await peerOf(b, tunnelCIDRs(B, A))]))
    await a.configure({ ...files, [file]: text })
    await eventually('the message', async () => message.test(String(await a.agents.routes[1].ready())))
    expect(await answers(a.pod, SEEN.b.pod)).toBe(true)
  })

  test('a gateway that starts on a configuration that it refuses is not ready, and tells', async () => {
    const { a, b, configure } = pair()
    await configure()
    await connected(a, 'b')
    const files = renderFabric(fabricOf(a, [await peerOf(b, tunnelCIDRs(B, A))]))
    const newer = JSON.stringify({ ...JSON.parse(files['gateway.json']!), version: 2 })
    await a.agents.gateway.end('SIGTERM')
    await a.configure({ ...files, 'gateway.json': newer })
    await a.startGateway()
    const message = /version 2 is unknown to this agent/
    await eventually('why it is not ready', async () => message.test(String(await a.agents.gateway.ready())))
    await eventually('the status', async () => {
      const { status, statusMessage } = await a.connection('b')
      return (
        (status === 'Error' && message.test(statusMessage!)) || Promise.reject(new Error(`${status} ${statusMessage}`))
      )
    })
    await configure()
    await connected(a, 'b')
  })

  test('a private key is in its own Secret, and in no log and no other object', async () => {
    const { a, b, configure } = pair()
    await configure()
    for (const { agents, get } of [a, b]) {
      const { privateKey } = (await get(`secrets/${GATEWAY_KEY}`))!.data as { privateKey: string }
      const key = Buffer.from(privateKey, 'base64').toString()
      expect(key).toMatch(/^[\w+/]{43}=$/)
      const said = [agents.gateway, ...agents.routes].flatMap(({ lines }) => lines)
      const objects = await Promise.all([get(`secrets/${FABRIC}`), get(`configmaps/${GATEWAY_KEY}`)])
      expect([...said, ...objects.map((object) => JSON.stringify(object))].join()).not.toContain(key)
      const base64 = Object.values((objects[0]!.data ?? {}) as Record<string, string>)
      expect(base64.map((text) => Buffer.from(text, 'base64').toString()).join()).not.toContain(key)
    }
  })

  test('the agents read the Secrets that they are made for, and no other', async () => {
    const { a } = pair()
    const named = (name: string) => `secrets?fieldSelector=metadata.name%3D${name}`
    const table = [
      [GATEWAY, named(FABRIC), 200],
      [GATEWAY, named(GATEWAY_KEY), 200],
      [GATEWAY, 'secrets', 403],
      [GATEWAY, named('another'), 403],
      [ROUTE, named(FABRIC), 200],
      [ROUTE, named(GATEWAY_KEY), 403],
      [ROUTE, `secrets/${GATEWAY_KEY}`, 403],
      [ROUTE, 'pods', 403],
    ] as const
    const got = await Promise.all(
      table.map(async ([account, path]) => [account, path, await a.statusFor(account, path)]),
    )
    expect(got).toEqual(table)
  })

  test('the agent of a node leaves nothing behind when it ends after its DaemonSet', async () => {
    const { a } = pair()
    await a.delete(`daemonsets/${ROUTE}`, '/apis/apps/v1')
    await a.agents.routes[1].end('SIGTERM')
    expect(await traces(a.node)).toEqual([])
    expect(await traces(a.gatewayNode)).not.toEqual([])
  })

  test('without the Secret the tunnel is gone, and every trace of it', async () => {
    const { a, b } = pair()
    await b.delete(`secrets/${FABRIC}`)
    for (const space of [b.gateway, b.node, b.gatewayNode]) {
      await eventually(`nothing left in ${space.name}`, async () => {
        const left = (await traces(space)).filter((trace) => trace !== 'link heliograph')
        return left.length === 0 || Promise.reject(new Error(left.join('\n')))
      })
    }
    expect(await answers(a.podBeside, SEEN.b.pod)).toBe(false)
    expect(await answers(b.pod, SEEN.a.pod)).toBe(false)
    await eventually('a tells of it', async () => (await a.connection('b')).status === 'Error')
  })
}

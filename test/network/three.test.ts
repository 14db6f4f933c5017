import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configure, connected, fabricOf, type Names, peerOf, tunnelCIDRs } from './fabrics.ts'
import type { Site } from './site.ts'
import { type Sites, startSites } from './sites.ts'
import { findHindrance } from './tools.ts'
import { POD_IP } from './topology.ts'
import { answers, ask, lossOf, serve } from './traffic.ts'

/** What a calls b and c, and what they call a. */
const B: Names = { pods: '10.202.0.0/16', externals: '10.62.0.0/16' }
const C: Names = { pods: '10.204.0.0/16', externals: '10.64.0.0/16' }
const A_IN_B: Names = { pods: '10.201.0.0/16', externals: '10.63.0.0/16' }
const A_IN_C: Names = { pods: '10.205.0.0/16', externals: '10.65.0.0/16' }

const hindrance = await findHindrance()

describe.skipIf(hindrance)(
  `three clusters with the same addresses${hindrance ? ` (skipped: ${hindrance})` : ''}`,
  () => {
    let all: Sites
    let a: Site
    let b: Site
    let c: Site

    beforeAll(async () => {
      all = await startSites(['a', 'b', 'c'])
      ;[a, b, c] = all.sites as [Site, Site, Site]
      await configure(a, fabricOf(a, [await ofB(), await peerOf(c, tunnelCIDRs(C, A_IN_C))]))
      await configure(b, fabricOf(b, [await peerOf(a, tunnelCIDRs(A_IN_B, B))]))
      await configure(c, fabricOf(c, [await peerOf(a, tunnelCIDRs(A_IN_C, C))]))
      await Promise.all([a, b, c].map(({ pod }) => serve(pod, 8080)))
    })

    afterAll(() => all?.stop())

    /** b as a's peer; it may reach a pod of c by way of a. */
    const ofB = () => peerOf(b, tunnelCIDRs(B, A_IN_B), { '10.204.2.10': '10.61.0.7' })

    test('one gateway holds two tunnels', async () => {
      await Promise.all([connected(a, 'b'), connected(a, 'c'), connected(b, 'a'), connected(c, 'a')])
    })

    test.each([
      ['a', 'b', '10.202.2.10', '10.201.2.10'],
      ['a', 'c', '10.204.2.10', '10.205.2.10'],
      ['b', 'a', '10.201.2.10', '10.202.2.10'],
      ['c', 'a', '10.205.2.10', '10.204.2.10'],
    ])('a pod of %s asks one of %s, which sees it as its own cluster calls it', async (from, _, address, seen) => {
      const { pod } = { a, b, c }[from]!
      expect(await ask(pod, address, 8080)).toBe(`${seen} ${POD_IP}`)
    })

    test('the peers of one gateway do not reach each other by it', async () => {
      // b leads what a calls c's pods into its tunnel: WireGuard would take it for a's, if it is told so.
      const tunnel = { ...(await peerOf(a, tunnelCIDRs(A_IN_B, B))) }
      const wide = { ...tunnel, cidrs: { ...tunnel.cidrs, remoteNATExternalCIDR: C.pods } }
      await configure(b, fabricOf(b, [wide]))
      try {
        expect(await answers(b.pod, '10.204.2.10')).toBe(false)
        await a.gateway.run('nft', 'insert', 'rule', 'ip', 'heliograph', 'from_peer', 'accept')
        expect(await answers(b.pod, '10.204.2.10'), 'control: with the filter open').toBe(true)
      } finally {
        const rules = await a.gateway.run('nft', '-a', 'list', 'chain', 'ip', 'heliograph', 'from_peer')
        const handle = /^\s*accept # handle (\d+)/m.exec(rules)![1]!
        await a.gateway.run('nft', 'delete', 'rule', 'ip', 'heliograph', 'from_peer', 'handle', handle)
        await configure(b, fabricOf(b, [tunnel]))
      }
    })

    test('but by an address that is mapped for it', async () => {
      expect(await ask(b.pod, '10.63.0.7', 8080)).toBe(`10.205.0.0 ${POD_IP}`)
      expect(await answers(c.pod, '10.65.0.7'), 'it is not mapped for c').toBe(false)
    })

    test('a tunnel ends, and the other one loses no ping', async () => {
      const loss = lossOf(a.pod, '10.202.2.10', 300, 0.005)
      await configure(a, fabricOf(a, [await ofB()]))
      expect(await loss).toBe(0)
      expect(await answers(a.pod, '10.204.2.10')).toBe(false)
      expect(await answers(c.pod, '10.205.2.10')).toBe(false)
    })
  },
)

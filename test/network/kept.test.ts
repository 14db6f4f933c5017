import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configure, fabricOf, type Names, peerOf, tunnelCIDRs } from './fabrics.ts'
import type { Site } from './site.ts'
import { type Sites, startSites } from './sites.ts'
import { findHindrance } from './tools.ts'
import { OUTSIDE, planOf } from './topology.ts'
import { answers, ask, serve } from './traffic.ts'

/** External CIDRs are the same in both, so that a name is kept for one at most. */
const KEPT = 'None'
const B: Names = { pods: KEPT, externals: '10.62.0.0/16' }
const PLAN = planOf('10.210')

const hindrance = await findHindrance()

describe.skipIf(hindrance)(`clusters with addresses of their own${hindrance ? ` (skipped: ${hindrance})` : ''}`, () => {
  let all: Sites
  let a: Site
  let b: Site

  beforeAll(async () => {
    all = await startSites(['a', 'b'], { b: PLAN })
    ;[a, b] = all.sites as [Site, Site]
    await Promise.all([...[a, b].map(({ pod }) => serve(pod, 8080)), serve(all.outside, 9090)])
  })

  afterAll(() => all?.stop())

  describe.each([
    ['b calls the pods of a otherwise', { pods: '10.201.0.0/16', externals: '10.63.0.0/16' }, '10.201', '10.63'],
    ['all names are kept', { pods: KEPT, externals: KEPT }, '10.200', '10.61'],
  ])('%s', (_, names, pods, externals) => {
    beforeAll(async () => {
      const own = { remote: PLAN.podCIDR, local: a.plan.podCIDR }
      const mappings = { [OUTSIDE.withRoute]: '10.61.0.5' }
      await configure(a, fabricOf(a, [await peerOf(b, tunnelCIDRs(B, names, own), mappings)]))
      const reverse = { remote: own.local, local: own.remote }
      await configure(b, fabricOf(b, [await peerOf(a, tunnelCIDRs(names, B, reverse))]))
    })

    test('pods reach each other, and are seen by their names there', async () => {
      expect(await ask(a.pod, '10.210.2.10', 8080)).toBe(`${pods}.2.10 10.210.2.10`)
      expect(await ask(b.pod, `${pods}.2.10`, 8080)).toBe('10.210.2.10 10.200.2.10')
      expect(await answers(a.podBeside, '10.210.1.10')).toBe(true)
      expect(await answers(b.podBeside, `${pods}.2.10`)).toBe(true)
    })

    test('nodes are seen as the first address, gateways and mapped addresses are reached, others are not', async () => {
      expect(await ask(a.node, '10.210.2.10', 8080)).toBe(`${pods}.0.0 10.210.2.10`)
      expect(await ask(b.gatewayNode, `${pods}.2.10`, 8080)).toBe('10.210.0.0 10.200.2.10')
      expect(await answers(a.gateway, '10.62.0.1')).toBe(true)
      expect(await answers(b.gateway, `${externals}.0.1`)).toBe(true)
      expect(await ask(b.pod, `${externals}.0.5`, 9090)).toBe(`192.0.2.1 ${OUTSIDE.withRoute}`)
      expect(await ask(all.outside, '10.210.2.10', 8080, OUTSIDE.withRoute)).toBe(`${externals}.0.5 10.210.2.10`)
      expect(await answers(b.pod, `${externals}.0.9`)).toBe(false)
    })
  })
})

import { describe, expect, test } from 'vitest'
import { KindMissingError } from '../../lib/cluster/errors.ts'
import { CONFIGMAP, NAMESPACE } from '../../lib/cluster/resources.ts'
import type { Context } from './cluster-contract.ts'
import { MISSING, namesOf, pagesOf, THING, thing } from './world.ts'

export function readContract({ world, namespace }: Context): void {
  describe('get', () => {
    test('is undefined for an object that does not exist, in a namespace that does or does not', async () => {
      const { cluster } = world()
      expect(await cluster.get(THING, { namespace: await namespace(), name: 'absent' })).toBeUndefined()
      expect(await cluster.get(CONFIGMAP, { namespace: 'no-such-namespace', name: 'absent' })).toBeUndefined()
      expect(await cluster.get(NAMESPACE, { name: 'no-such-namespace' })).toBeUndefined()
    })

    test.each(MISSING)('does not take a missing kind ($group/$plural) for a missing object', async (resource) => {
      const read = world().cluster.get(resource, { namespace: await namespace(), name: 'x' })
      await expect(read).rejects.toBeInstanceOf(KindMissingError)
      await expect(read).rejects.toThrow(/gaps.*infra\/crds/)
    })

    test('returns plain JSON: unknown fields and times as the wire has them', async () => {
      const ns = await namespace()
      const spec = {
        since: '2026-02-03T04:05:06.000007Z',
        later: '2026-02-03T04:05:06+02:00',
        nested: { unknown: [{ deep: { yes: true, no: null, n: 1.5, empty: '', list: [], map: {} } }] },
      }
      await world().user.create(THING, thing(ns, 'plain', { spec, surprise: { a: 1 } }))
      const found = await world().cluster.get(THING, { namespace: ns, name: 'plain' })
      expect(found).toMatchObject({
        apiVersion: 'contract.heliograph.test/v1',
        kind: 'Thing',
        spec,
        surprise: { a: 1 },
      })
      expect(found?.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    })

    test('reads cluster-scoped objects: kube-system has the uid that identifies the cluster', async () => {
      const found = await world().cluster.get(NAMESPACE, { name: 'kube-system' })
      expect(found?.metadata.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-/)
      expect(Number(found?.metadata.resourceVersion)).toBeGreaterThan(1)
    })

    test('what a caller does to the answer changes nothing', async () => {
      const ns = await namespace()
      await world().user.create(THING, thing(ns, 'mine', { spec: { list: [1] } }))
      const first = await world().cluster.get(THING, { namespace: ns, name: 'mine' })
      Object.assign(first?.spec as object, { list: [2] })
      expect(await world().cluster.get(THING, { namespace: ns, name: 'mine' })).toMatchObject({ spec: { list: [1] } })
    })
  })

  describe('list', () => {
    test('has nothing of an empty or missing namespace', async () => {
      const { cluster } = world()
      expect(await namesOf(cluster.list(THING, { namespace: await namespace() }))).toEqual([])
      expect(await namesOf(cluster.list(THING, { namespace: 'no-such-namespace' }))).toEqual([])
    })

    test('comes in pages of at most `limit`, items with apiVersion and kind', async () => {
      const ns = await namespace()
      for (const name of ['e', 'd', 'c', 'b', 'a']) await world().user.create(THING, thing(ns, name))
      const pages = await pagesOf(world().cluster.list(THING, { namespace: ns, limit: 2 }))
      expect(pages.map((page) => page.map(({ metadata }) => metadata.name))).toEqual([['a', 'b'], ['c', 'd'], ['e']])
      for (const item of pages.flat()) {
        expect(item).toMatchObject({ apiVersion: 'contract.heliograph.test/v1', kind: 'Thing' })
      }
      const maps = await pagesOf(world().cluster.list(CONFIGMAP, { namespace: ns }))
      for (const item of maps.flat()) expect(item).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' })
    })

    test('selects by label over namespaces and pages, in the order of the keys', async () => {
      const one = await namespace('order')
      const two = `${one}-b`
      await world().user.create(NAMESPACE, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: two } })
      const make = (ns: string, name: string, labels: Record<string, string>) =>
        world().user.create(THING, thing(ns, name, { metadata: { labels } }))
      for (const ns of [one, two]) {
        await make(ns, 'b', { run: one, tier: 'web' })
        await make(ns, 'a.b', { run: one, tier: 'db' })
        await make(ns, 'a-b', { run: one })
        await make(ns, 'a', { run: one, tier: 'web' })
        await make(ns, 'other', { tier: 'web' })
      }
      const select = (labelSelector: string) => namesOf(world().cluster.list(THING, { labelSelector, limit: 3 }))
      // The key is `namespace/name`, and `-` and `.` sort before `/`.
      const all = [two, one].flatMap((ns) => ['a', 'a-b', 'a.b', 'b'].map((name) => `${ns}/${name}`))
      expect(await select(`run=${one}`)).toEqual(all)
      expect(await select(`run=${one},tier=web`)).toEqual(all.filter((name) => /\/[ab]$/.test(name)))
      expect(await select(`run==${one},tier!=web`)).toEqual(all.filter((name) => !/\/[ab]$/.test(name)))
      expect(await select(`run in (x, ${one}),tier in (db,none)`)).toEqual(all.filter((name) => name.endsWith('a.b')))
      expect(await select(`run=${one},tier notin (web,db)`)).toEqual(all.filter((name) => name.endsWith('a-b')))
      expect(await select(`run=${one},!tier`)).toEqual(all.filter((name) => name.endsWith('a-b')))
      expect(await select(`run=${one},tier`)).toEqual(all.filter((name) => !name.endsWith('a-b')))
    })

    test('selects by the field metadata.name', async () => {
      const ns = await namespace()
      for (const name of ['a', 'b']) await world().user.create(THING, thing(ns, name))
      const options = { namespace: ns, fieldSelector: 'metadata.name=b' }
      expect(await namesOf(world().cluster.list(THING, options))).toEqual([`${ns}/b`])
    })

    test('is one snapshot: what happens between two pages is not seen', async () => {
      const ns = await namespace()
      for (const name of ['a', 'b', 'c', 'd'])
        await world().user.create(THING, thing(ns, name, { spec: { at: 'first' } }))
      const seen: string[] = []
      for await (const page of world().cluster.list(THING, { namespace: ns, limit: 2 })) {
        seen.push(...page.map(({ metadata, spec }) => `${metadata.name} ${(spec as { at: string }).at}`))
        if (seen.length > 2) continue
        await world().user.create(THING, thing(ns, 'bb'))
        await world().user.merge(THING, { namespace: ns, name: 'c' }, { spec: { at: 'second' } })
        await world().user.delete(THING, { namespace: ns, name: 'd' })
      }
      expect(seen).toEqual(['a first', 'b first', 'c first', 'd first'])
    })

    test.each(MISSING)('does not take a missing kind ($group/$plural) for an empty list', async (resource) => {
      const read = namesOf(world().cluster.list(resource, { namespace: await namespace() }))
      await expect(read).rejects.toBeInstanceOf(KindMissingError)
    })
  })
}

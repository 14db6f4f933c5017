import { describe, expect, test } from 'vitest'
import { ConflictError } from '../../lib/cluster/errors.ts'
import { type DeleteOptions, NOT_EXISTING, UNREAD } from '../../lib/cluster/port.ts'
import { CONFIGMAP, POD, SERVICE_ACCOUNT } from '../../lib/cluster/resources.ts'
import type { Context } from './cluster-contract.ts'
import { boundPod, defaultAccount, guardOf, THING, thing } from './world.ts'

const NOBODY = '00000000-0000-4000-8000-00000000ffff'

export function applyContract({ world, namespace }: Context): void {
  describe('apply creates', () => {
    test('and returns the object as stored, the input unchanged', async () => {
      const ns = await namespace()
      const wanted = thing(ns, 'new', { spec: { size: 1 }, metadata: { labels: { a: 'b' } } })
      const before = structuredClone(wanted)
      const stored = await world().cluster.apply(THING, wanted)
      expect(wanted).toEqual(before)
      expect(stored).toMatchObject(wanted)
      expect(stored.metadata.uid).toBeTypeOf('string')
      expect(stored).toEqual(await world().cluster.get(THING, { namespace: ns, name: 'new' }))
    })

    test('with NOT_EXISTING only what does not exist', async () => {
      const ns = await namespace()
      const wanted = thing(ns, 'once', { metadata: { resourceVersion: NOT_EXISTING }, spec: { by: 'first' } })
      const stored = await world().cluster.apply(THING, wanted)
      await expect(world().cluster.apply(THING, { ...wanted, spec: { by: 'second' } })).rejects.toThrow(ConflictError)
      expect(await world().cluster.get(THING, { namespace: ns, name: 'once' })).toEqual(stored)
    })

    test('although a resourceVersion is given, but not when a uid is', async () => {
      const ns = await namespace()
      const { resourceVersion, uid } = guardOf(await world().cluster.apply(THING, thing(ns, 'other')))
      const fresh = await world().cluster.apply(THING, thing(ns, 'fresh', { metadata: { resourceVersion } }))
      expect(fresh.metadata.uid).not.toBe(uid)
      const guarded = thing(ns, 'gone', { metadata: { resourceVersion, uid } })
      await expect(world().cluster.apply(THING, guarded)).rejects.toThrow(ConflictError)
      await expect(world().cluster.apply(THING, thing(ns, 'gone', { metadata: { uid } }))).rejects.toThrow(
        ConflictError,
      )
      expect(await world().cluster.get(THING, { namespace: ns, name: 'gone' })).toBeUndefined()
    })
  })

  describe('apply updates', () => {
    test('with the current uid and resourceVersion, and not with stale ones', async () => {
      const ns = await namespace()
      const apply = (size: number, metadata: object) =>
        world().cluster.apply(THING, thing(ns, 'guarded', { spec: { size }, metadata }))
      const first = guardOf(await apply(1, {}))
      const second = guardOf(await apply(2, first))
      expect(second).toMatchObject({ uid: first.uid })
      expect(Number(second.resourceVersion)).toBeGreaterThan(Number(first.resourceVersion))
      await expect(apply(3, first)).rejects.toThrow(ConflictError)
      await expect(apply(3, { resourceVersion: first.resourceVersion })).rejects.toThrow(ConflictError)
      await expect(apply(2, { resourceVersion: first.resourceVersion })).rejects.toThrow(ConflictError)
      await expect(apply(3, { ...second, uid: NOBODY })).rejects.toThrow(ConflictError)
      await expect(apply(3, { uid: NOBODY })).rejects.toThrow(ConflictError)
      const found = await world().cluster.get(THING, { namespace: ns, name: 'guarded' })
      expect(found).toMatchObject({ spec: { size: 2 }, metadata: second })
    })

    test('nothing when it is applied again: the resourceVersion stays', async () => {
      const ns = await namespace()
      const wanted = thing(ns, 'same', { spec: { size: 1, list: [1, { a: 'b' }], map: {} } })
      const first = await world().cluster.apply(THING, wanted)
      const again = await world().cluster.apply(THING, {
        ...wanted,
        metadata: { ...wanted.metadata, ...guardOf(first) },
      })
      expect(again).toEqual(first)
      expect(await world().cluster.get(THING, { namespace: ns, name: 'same' })).toEqual(first)
    })

    test('away what it applied before and drops now; lists are replaced as a whole', async () => {
      const ns = await namespace()
      const labels = { keep: 'x', drop: 'x' }
      const before = { keep: 1, drop: 1, map: { keep: 1, drop: 1 }, list: [1, 2, 3] }
      await world().cluster.apply(
        THING,
        thing(ns, 'shrinks', { spec: before, metadata: { labels, annotations: { a: 'b' } } }),
      )
      const after = { keep: 1, map: { keep: 1 }, list: [3] }
      const stored = await world().cluster.apply(
        THING,
        thing(ns, 'shrinks', { spec: after, metadata: { labels: { keep: 'x' } } }),
      )
      expect(stored.spec).toEqual(after)
      expect(stored.metadata.labels).toEqual({ keep: 'x' })
      expect(stored.metadata.annotations ?? {}).toEqual({})
    })

    test('around the fields of other managers, and takes over those that it wants itself', async () => {
      const ns = await namespace()
      const ref = { namespace: ns, name: 'shared' }
      await world().cluster.apply(CONFIGMAP, map(ns, { ours: '1', both: '1' }))
      await world().user.merge(CONFIGMAP, ref, {
        data: { theirs: '2', both: '2' },
        metadata: { labels: { theirs: '2' } },
      })
      const kept = await world().cluster.apply(CONFIGMAP, map(ns, { ours: '1' }))
      expect(kept.data).toEqual({ ours: '1', theirs: '2', both: '2' })
      const forced = await world().cluster.apply(CONFIGMAP, map(ns, { ours: '1', both: '1' }))
      expect(forced.data).toEqual({ ours: '1', theirs: '2', both: '1' })
      const dropped = await world().cluster.apply(CONFIGMAP, map(ns, {}))
      expect(dropped.data).toEqual({ theirs: '2' })
      expect(dropped.metadata.labels).toEqual({ theirs: '2' })
    })
  })

  describe('apply to status', () => {
    test('changes status only, and an apply to the object changes all but status', async () => {
      const ns = await namespace()
      const { cluster } = world()
      const created = await cluster.apply(THING, thing(ns, 'st', { spec: { size: 1 }, status: { phase: 'ignored' } }))
      expect(created.status).toBeUndefined()
      const reported = await cluster.apply(
        THING,
        thing(ns, 'st', { spec: { size: 9 }, status: { phase: 'Ready' } }),
        'status',
      )
      expect(reported).toMatchObject({ spec: { size: 1 }, status: { phase: 'Ready' } })
      const resized = await cluster.apply(THING, thing(ns, 'st', { spec: { size: 2 } }))
      expect(resized).toMatchObject({ spec: { size: 2 }, status: { phase: 'Ready' } })
      const guard = guardOf(reported)
      const stale = thing(ns, 'st', { metadata: guard, status: { phase: 'Late' } })
      await expect(cluster.apply(THING, stale, 'status')).rejects.toThrow(ConflictError)
    })

    test('of an object that does not exist is a conflict, and creates nothing', async () => {
      const ns = await namespace()
      const wanted = thing(ns, 'gone', { status: { phase: 'Ready' } })
      await expect(world().cluster.apply(THING, wanted, 'status')).rejects.toThrow(ConflictError)
      expect(await world().cluster.get(THING, { namespace: ns, name: 'gone' })).toBeUndefined()
    })
  })

  describe('delete', () => {
    test('is true once, then false', async () => {
      const ns = await namespace()
      const ref = { namespace: ns, name: 'short' }
      const guard = guardOf(await world().cluster.apply(THING, thing(ns, 'short')))
      expect(await world().cluster.delete(THING, ref, guard)).toBe(true)
      expect(await world().cluster.get(THING, ref)).toBeUndefined()
      expect(await world().cluster.delete(THING, ref, guard)).toBe(false)
      expect(await world().cluster.delete(THING, { ...ref, namespace: 'no-such-namespace' }, guard)).toBe(false)
    })

    test('leaves what is not the object that was looked at', async () => {
      const ns = await namespace()
      const ref = { namespace: ns, name: 'moved' }
      const first = guardOf(await world().cluster.apply(THING, thing(ns, 'moved', { spec: { size: 1 } })))
      const second = guardOf(await world().cluster.apply(THING, thing(ns, 'moved', { spec: { size: 2 } })))
      await expect(world().cluster.delete(THING, ref, first)).rejects.toThrow(ConflictError)
      await expect(world().cluster.delete(THING, ref, { ...second, uid: NOBODY })).rejects.toThrow(ConflictError)
      await world().user.delete(THING, ref)
      await world().user.create(THING, thing(ns, 'moved', { spec: { size: 3 } }))
      await expect(world().cluster.delete(THING, ref, second)).rejects.toThrow(ConflictError)
      expect(await world().cluster.get(THING, ref)).toMatchObject({ spec: { size: 3 } })
    })

    test('of what may not be read asks for nothing but the name', async () => {
      const ns = await namespace()
      const ref = { namespace: ns, name: 'unread' }
      await world().cluster.apply(THING, thing(ns, 'unread'))
      expect(await world().cluster.delete(THING, ref, UNREAD)).toBe(true)
      expect(await world().cluster.get(THING, ref)).toBeUndefined()
      expect(await world().cluster.delete(THING, ref, UNREAD)).toBe(false)
    })

    test('of a pod that may run waits for its node, unless it is given no time', async () => {
      const ns = await namespace()
      const ref = { namespace: ns, name: 'runs' }
      await world()
        .user.create(SERVICE_ACCOUNT, defaultAccount(ns))
        .catch(() => {})
      await world().user.create(POD, boundPod(ns, 'runs'))
      const deleted = async (options?: DeleteOptions) => {
        const guard = guardOf((await world().cluster.get(POD, ref))!)
        return world().cluster.delete(POD, ref, guard, options)
      }
      expect(await deleted()).toBe(true)
      const { metadata } = (await world().cluster.get(POD, ref))!
      expect(metadata).toMatchObject({ deletionGracePeriodSeconds: 17, deletionTimestamp: expect.any(String) })
      const status = { phase: 'Running' }
      const { apiVersion, kind, metadata: named } = boundPod(ns, 'runs')
      await world().cluster.apply(POD, { apiVersion, kind, metadata: named, status }, 'status')
      expect(await world().cluster.get(POD, ref)).toMatchObject({ metadata: { uid: metadata.uid }, status })
      expect(await deleted({ gracePeriodSeconds: 0 })).toBe(true)
      expect(await world().cluster.get(POD, ref)).toBeUndefined()
    })

    test('only marks what a finalizer holds', async () => {
      const ns = await namespace()
      const ref = { namespace: ns, name: 'held' }
      const finalizers = ['contract.heliograph.test/hold']
      const guard = guardOf(await world().cluster.apply(THING, thing(ns, 'held', { metadata: { finalizers } })))
      expect(await world().cluster.delete(THING, ref, guard)).toBe(true)
      const marked = await world().cluster.get(THING, ref)
      expect(marked?.metadata.deletionTimestamp).toMatch(/^\d{4}-.*Z$/)
      await world().user.merge(THING, ref, { metadata: { finalizers: null } })
      expect(await world().cluster.get(THING, ref)).toBeUndefined()
    })
  })
}

function map(namespace: string, data: Record<string, string>) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'shared' }, data }
}

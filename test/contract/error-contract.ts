import { describe, expect, test } from 'vitest'
import {
  ForbiddenError,
  InvalidError,
  KindMissingError,
  NamespaceMissingError,
  NamespaceTerminatingError,
  UnauthorizedError,
  UnreachableError,
} from '../../lib/cluster/errors.ts'
import type { Cluster } from '../../lib/cluster/port.ts'
import { CONFIGMAP, NAMESPACE } from '../../lib/cluster/resources.ts'
import type { Context } from './cluster-contract.ts'
import { guardOf, MISSING, namesOf, THING, thing } from './world.ts'

const SECRET_VALUE = 'cGFzc3dvcmQ'

export function errorContract({ world, namespace }: Context): void {
  describe('a namespace', () => {
    test('that is missing is told apart from anything else that is', async () => {
      const orphan = world().cluster.apply(THING, thing('no-such-namespace', 'orphan'))
      await expect(orphan).rejects.toBeInstanceOf(NamespaceMissingError)
      await expect(orphan).rejects.toThrow('no-such-namespace')
    })

    test('that is terminating takes nothing new; what is inside can change and go', async () => {
      const ns = await namespace()
      const { cluster, user } = world()
      const metadata = { finalizers: ['contract.heliograph.test/hold'] }
      const ref = { namespace: ns, name: 'inside' }
      await cluster.apply(THING, thing(ns, 'inside', { metadata, spec: { size: 1 } }))
      const found = await cluster.get(NAMESPACE, { name: ns })
      expect(await cluster.delete(NAMESPACE, { name: ns }, guardOf(found!))).toBe(true)
      expect((await cluster.get(NAMESPACE, { name: ns }))?.metadata.deletionTimestamp).toBeTypeOf('string')
      const late = cluster.apply(THING, thing(ns, 'late'))
      await expect(late).rejects.toBeInstanceOf(NamespaceTerminatingError)
      await expect(late).rejects.toThrow(ns)
      const changed = await cluster.apply(THING, thing(ns, 'inside', { metadata, spec: { size: 2 } }))
      expect(changed.spec).toEqual({ size: 2 })
      await user.merge(THING, ref, { metadata: { finalizers: null } })
      const rest = await cluster.get(THING, ref)
      if (rest) expect(await cluster.delete(THING, ref, guardOf(rest))).toBe(true)
      expect(await cluster.get(THING, ref)).toBeUndefined()
    })
  })

  describe('a kind', () => {
    test.each(MISSING)('that is missing ($group/$plural) says which manifest to apply', async (resource) => {
      const ns = await namespace()
      const apiVersion = resource.group === '' ? 'v1' : `${resource.group}/v1`
      const object = { apiVersion, kind: 'Gap', metadata: { namespace: ns, name: 'x' } }
      const ref = { namespace: ns, name: 'x' }
      await expect(world().cluster.apply(resource, object)).rejects.toBeInstanceOf(KindMissingError)
      await expect(world().cluster.apply(resource, object)).rejects.toThrow(/gaps.*infra\/crds/)
      const gone = world().cluster.delete(resource, ref, { uid: 'u', resourceVersion: '9' })
      await expect(gone).rejects.toBeInstanceOf(KindMissingError)
    })

    test('without the subresource status has none to apply to', async () => {
      const ns = await namespace()
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: ns, name: 'x' } }
      await world().cluster.apply(CONFIGMAP, object)
      await expect(world().cluster.apply(CONFIGMAP, object, 'status')).rejects.toBeInstanceOf(KindMissingError)
    })
  })

  test('an object that the API server refuses is invalid', async () => {
    const ns = await namespace()
    const managed = thing(ns, 'x', { metadata: { managedFields: [{ manager: 'someone', operation: 'Apply' }] } })
    await expect(world().cluster.apply(THING, managed)).rejects.toBeInstanceOf(InvalidError)
    const wrongKind = { ...thing(ns, 'x'), kind: 'Other' }
    await expect(world().cluster.apply(THING, wrongKind)).rejects.toBeInstanceOf(InvalidError)
    const selector = namesOf(world().cluster.list(THING, { namespace: ns, fieldSelector: 'spec.size=1' }))
    await expect(selector).rejects.toBeInstanceOf(InvalidError)
  })

  describe('whoever asks', () => {
    const verbs: { verb: string; run: (cluster: Cluster, ns: string) => Promise<unknown> }[] = [
      { verb: 'get', run: (cluster, ns) => cluster.get(CONFIGMAP, { namespace: ns, name: 'x' }) },
      { verb: 'list', run: (cluster, ns) => namesOf(cluster.list(CONFIGMAP, { namespace: ns })) },
      {
        verb: 'patch',
        run: (cluster, ns) => {
          const metadata = { namespace: ns, name: 'x' }
          return cluster.apply(CONFIGMAP, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { k: SECRET_VALUE } })
        },
      },
      {
        verb: 'delete',
        run: (cluster, ns) =>
          cluster.delete(CONFIGMAP, { namespace: ns, name: 'x' }, { uid: 'u', resourceVersion: '9' }),
      },
    ]

    test.each(verbs)('without the right to $verb is told what to grant', async ({ verb, run }) => {
      const ns = await namespace()
      const error = await run(world().forbidden, ns).catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(ForbiddenError)
      const { message } = error as Error
      expect(message).toMatch(new RegExp(`${verb} configmaps in namespace ${ns}.*npm run manifests`))
      expect(message).not.toMatch(/\n/)
      expect(message).not.toContain(SECRET_VALUE)
    })

    test.each(verbs)('is unauthorized to $verb with a credential that is not accepted', async ({ run }) => {
      const error = await run(world().unauthorized, await namespace()).catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(UnauthorizedError)
      expect((error as Error).message).toMatch(/CLUSTER_/)
    })

    test.each(verbs)('gets no answer to $verb from a cluster out of reach', async ({ run }) => {
      const error = await run(world().unreachable, await namespace()).catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(UnreachableError)
      expect((error as UnreachableError).retry).toBe(true)
    })
  })
}

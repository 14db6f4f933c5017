import { afterAll, beforeAll, expect, test } from 'vitest'
import { UndeclaredError } from '../../lib/cluster/errors.ts'
import type { KubeObject, Resource } from '../../lib/cluster/port.ts'
import { POD } from '../../lib/cluster/resources.ts'
import { logger } from '../../lib/log.ts'
import { applyPartly } from '../../lib/reflect/shed.ts'
import { type HttpWorld, httpWorld } from './http-world.ts'

/** What a real API server answers to fields of a status that its version of the kind does not declare. */
let real: HttpWorld
beforeAll(async () => {
  real = await httpWorld()
})
afterAll(async () => await real?.stop())

const ACCOUNT: Resource = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
}
const container = { name: 'a', image: 'a:1', imageID: '', ready: true, restartCount: 1, state: { running: {} } }
const ready = { type: 'Ready', status: 'True' }

test('a status of a later version is given but for what is not known, by all the names that the answers have for it', async () => {
  const metadata = { namespace: 'default', name: 'web' }
  // Pods are admitted with an account only, and no controller makes it here.
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...metadata, name: 'default' } }
  await real.user.create(ACCOUNT, account)
  const spec = { automountServiceAccountToken: false, containers: [{ name: 'a', image: 'a:1' }] }
  await real.user.create(POD, { apiVersion: 'v1', kind: 'Pod', metadata, spec })
  const pod = (await real.cluster.get(POD, metadata))!
  const later = { later: { a: 1 }, 'later.still': 1 }
  const status = {
    phase: 'Running',
    conditions: [
      { ...ready, later: 1 },
      { type: 'example.com/a', status: 'False', later: 2 },
    ],
    containerStatuses: [{ ...container, ...later, state: { running: { later: 1 } } }],
    podIPs: [{ ip: '10.60.0.7', ...later }],
  }
  const { uid, resourceVersion } = pod.metadata
  const body = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, uid, resourceVersion }, status } as KubeObject
  const whole = real.cluster.apply(POD, body, 'status')
  await expect(whole).rejects.toBeInstanceOf(UndeclaredError)
  const given = await applyPartly(real.cluster, logger('silent'), POD, body, pod.status)
  const shown = {
    phase: 'Running',
    conditions: [ready, { type: 'example.com/a', status: 'False' }],
    containerStatuses: [container],
    podIPs: [{ ip: '10.60.0.7' }],
  }
  expect(given?.status).toMatchObject(shown)
  expect(await applyPartly(real.cluster, logger('silent'), POD, body, given?.status)).toBeUndefined()
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { makeNode, offload } from './offload.ts'
import { type TestStage, testStage } from './stage.ts'

/** Events of real control planes: the scheduler of milan writes them by the newer API, others by the older one. */
let stage: TestStage

const NODE = 'liqo-milan'

beforeAll(async () => {
  stage = await testStage({ env: { NETWORKING_INTERNAL: 'false' } })
  await makeNode(stage)
  await offload(stage, 'shop')
})
afterAll(() => stage?.stop())

const kubectl = (id: string, args: string[], input?: string) => stage.clusters[id]!.kubectl(args, input)
const apply = (id: string, object: object) => kubectl(id, ['apply', '-f', '-'], JSON.stringify(object))

interface Told {
  metadata: { name: string; uid: string }
  involvedObject: { kind: string; name: string; uid: string }
  reason: string
  source?: { component?: string }
  reportingComponent?: string
}

async function eventsIn(id: string): Promise<Told[]> {
  const namespace = id === 'rome' ? 'shop' : 'shop-rome'
  return JSON.parse(await kubectl(id, ['-n', namespace, 'get', 'events', '-o', 'json'])).items
}

const copies = async () => (await eventsIn('rome')).filter(({ source }) => source?.component?.endsWith('(remote)'))

test('why a pod does not run elsewhere is told at home, once, and goes when it has expired there', async () => {
  const spec = { nodeName: NODE, containers: [{ name: 'web', image: 'registry.example/web:1' }] }
  await apply('rome', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop' }, spec })
  // milan has no node.
  const told = await eventually('the Event of the scheduler of milan', async () =>
    (await copies()).find(({ reason }) => reason === 'FailedScheduling'),
  )
  const pod = await stage.clusters.rome!.kubectl.get('pod', 'web', 'shop')
  expect(told.involvedObject).toMatchObject({ kind: 'Pod', name: 'web', uid: pod?.metadata.uid })
  expect(await kubectl('rome', ['-n', 'shop', 'describe', 'pod', 'web'])).toMatch(/FailedScheduling.*remote/)
  await stage.host.invoke('sweep', {})
  const there = (await eventsIn('milan')).map(({ metadata }) => metadata.name)
  expect(there).toEqual(expect.arrayContaining((await copies()).map(({ metadata }) => metadata.name)))
  expect(
    (await eventsIn('milan')).filter(({ reportingComponent = '' }) => /heliograph/.test(reportingComponent)),
  ).toEqual([])
  await kubectl('milan', ['-n', 'shop-rome', 'delete', 'events', '--all'])
  await stage.host.invoke('sweep', {})
  await eventually('it is gone', async () =>
    (await copies()).every(({ metadata }) => metadata.uid !== told.metadata.uid),
  )
})

test('what our own functions tell is not told again', async () => {
  await apply('milan', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cfg', namespace: 'shop-rome' } })
  await apply('rome', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cfg', namespace: 'shop' } })
  const about = async () => (await eventsIn('rome')).filter(({ involvedObject }) => involvedObject.name === 'cfg')
  await eventually('the warning', async () => (await about()).length > 0)
  await stage.host.invoke('sweep', {})
  await stage.host.invoke('sweep', {})
  expect(await about()).toHaveLength(1)
  expect((await eventsIn('milan')).filter(({ involvedObject }) => involvedObject.name === 'cfg')).toEqual([])
})

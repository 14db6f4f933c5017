import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { offload } from './offload.ts'
import { type TestStage, testStage } from './stage.ts'

/** Changes at once, far more than the sandboxes of a function. */
const COUNT = 20
/** What the shared functions have for a peering, and what rome:turin has of its own. */
const SANDBOXES = 2

let stage: TestStage

beforeAll(async () => {
  const reservedConcurrency = { functions: {}, peerings: { 'rome:turin': SANDBOXES } }
  stage = await testStage({ remotes: ['milan', 'turin'], concurrency: SANDBOXES, reservedConcurrency })
  await offload(stage, 'shop')
})
afterAll(() => stage?.stop())

const create = (prefix: string) => {
  const items = Array.from({ length: COUNT }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${prefix}-${index}`, namespace: 'shop' },
  }))
  return stage.clusters.rome!.kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
}

const count = async (id: string, prefix: string) => {
  const names = await stage.clusters[id]!.kubectl(['-n', 'shop-rome', 'get', 'configmaps', '-o', 'name'])
  return names.split('\n').filter((name) => name.includes(`/${prefix}-`)).length
}

test('a cluster that does not answer holds up its own peering only, and misses nothing', async () => {
  const { cluster } = stage.clusters.turin!
  cluster.pauseApiServer()
  await create('a')
  await eventually('all in milan', async () => (await count('milan', 'a')) === COUNT)
  const { configmap, configmap_rome_turin: own } = stage.host.stats().functions
  // All of it while turin holds what it has: the shared function was done, and its own is not.
  expect([configmap?.errors, configmap?.queued]).toEqual([0, 0])
  expect(own!.sandboxes - own!.idle).toBe(SANDBOXES)
  cluster.resumeApiServer()
  await eventually('all in turin', async () => (await count('turin', 'a')) === COUNT)
})

import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { ROOT } from '../../infra/local/root.ts'
import { applySample } from '../../infra/local/scenario.ts'
import { showcase } from '../../infra/local/showcase.ts'
import { runCommand } from '../support/command.ts'
import { type TestStage, testStage } from './stage.ts'
import { sweep } from './sweep.ts'

/** The sample runs in milan; then Heliograph goes, as a person lets it go, while its functions run on. */
let stage: TestStage
const rome = (...args: string[]) => stage.clusters.rome!.kubectl(args)
const milan = (...args: string[]) => stage.clusters.milan!.kubectl(args)

const podsRun = () =>
  eventually('pods of rome run in milan', async () => {
    const names = await milan('-n', 'shop-rome', 'get', 'pods', '--field-selector=status.phase=Running', '-o', 'name')
    return names.trim() !== ''
  })

beforeAll(async () => {
  stage = await testStage({ ...showcase('virtual-node'), speed: 1 })
  await applySample(stage)
  await podsRun()
  // What is like ours, and is not.
  await milan('create', 'namespace', 'theirs')
  await milan('label', 'namespace', 'theirs', 'offloading.liqo.io/origin=rome')
  await rome('create', 'namespace', 'prepared')
  await rome('label', 'namespace', 'prepared', 'liqo.io/scheduling-enabled=true')
  await rome('create', 'clusterrole', 'heliograph-theirs', '--verb=get', '--resource=pods')
})
afterAll(() => stage?.stop())

/** The command as a person runs it, with the rights of an administrator. */
function uninstall(args: readonly string[] = [], variables: Record<string, string> = {}) {
  const env: Record<string, string> = { ...stage.env, ...variables }
  for (const id of ['rome', 'milan']) env[`CLUSTER_${id.toUpperCase()}_KUBECONFIG`] = stage.clusters[id]!.kubeconfig
  return runCommand(process.execPath, [join(ROOT, 'infra', 'uninstall', 'main.ts'), ...args], { env })
}

const everything = async () => {
  const kinds =
    'namespaces,nodes,persistentvolumes,configmaps,secrets,pods,leases,clusterroles,clusterrolebindings,roles,rolebindings'
  const names = (run: typeof rome) => run('get', kinds, '--all-namespaces', '--ignore-not-found', '-o', 'name')
  return (await Promise.all([rome, milan].map(names))).map((text) => new Set(text.trim().split('\n')))
}

test('the plan tells what there is, and changes nothing', async () => {
  const [before] = await everything()
  const { code, output } = await uninstall()
  expect(output).toMatch(
    /rome:\n(.*\n)*? {2}\d+ pods that run in milan, their controllers make them anew at home: shop\//,
  )
  expect(output).toMatch(/ {2}1 virtual nodes: liqo-milan/)
  expect(output).toMatch(/ {2}1 labels liqo.io\/scheduling-enabled of namespaces: shop/)
  expect(output).toMatch(
    /milan:\n(.*\n)*? {2}1 namespaces, with all that is in them: pods that run there end: shop-rome/,
  )
  expect(output).toMatch(/ {2}\d+ persistentvolumeclaims, and their data: shop-rome\//)
  expect(output).toContain('Nothing was changed.')
  expect(code).toBe(0)
  const [after] = await everything()
  for (const name of [
    'node/liqo-milan',
    'namespace/shop',
    'clusterrole.rbac.authorization.k8s.io/heliograph-configmap',
  ]) {
    expect([before?.has(name), after?.has(name)]).toEqual([true, true])
  }
})

test('of a peering that has ended, what its clusters need for no other', async () => {
  const served = { PEERINGS: 'milan:rome' }
  const { code, output } = await uninstall(['--peering', 'rome:milan'], served)
  expect([code, output]).toEqual([0, expect.stringContaining('Nothing was changed.')])
  expect(output).toMatch(/ {2}1 virtual nodes: liqo-milan/)
  expect(output).toMatch(/ {2}1 namespaces, .*: shop-rome/)
  expect(output).not.toMatch(/rights|webhooks/)
  expect(await uninstall(['--peering', 'rome:milan'])).toMatchObject({
    code: 1,
    output: expect.stringContaining('--peering: PEERINGS has rome:milan'),
  })
  expect(await uninstall(['--peering', 'rome:turin'])).toMatchObject({
    code: 1,
    output: expect.stringContaining('--peering: "rome:turin" names turin, which CLUSTERS does not; add it there'),
  })
})

test('a cluster that does not answer: what remains there, and how to remove it', async () => {
  await stage.clusters.milan!.cluster.stopApiServer()
  const { code, output } = await uninstall()
  await stage.clusters.milan!.cluster.startApiServer()
  expect(output).toContain('milan: what is there remains. Run this again when it answers')
  expect(output).toMatch(/ECONNREFUSED/)
  expect(output).toContain(
    "kubectl delete namespaces --selector 'offloading.liqo.io/origin=rome,offloading.liqo.io/destination=milan,heliograph.io/home-namespace'",
  )
  expect(output).toMatch(/rome:\n/)
  expect(code).toBe(1)
})

test('what a peering left that is served no more goes alone, and is made again when it is served', async () => {
  await stage.functionsDown()
  const { code, output } = await uninstall(['--peering', 'rome:milan', '--yes'], { PEERINGS: 'milan:rome' })
  expect([code, output]).toEqual([0, expect.stringContaining('All of it is removed.')])
  const [inRome, inMilan] = await everything()
  expect([inRome!.has('node/liqo-milan'), inMilan!.has('namespace/shop-rome')]).toEqual([false, false])
  for (const cluster of [inRome!, inMilan!]) {
    expect(cluster).toContain('clusterrolebinding.rbac.authorization.k8s.io/heliograph-sweep')
  }
  await stage.functionsUp()
  await sweep(stage)
  // They were made while nobody asked where they are to run.
  await rome('-n', 'shop', 'delete', 'pods', '--all', '--wait=false')
  await podsRun()
})

test('all of it goes, nothing else does, and doing it again finds nothing', async () => {
  const { code, output } = await uninstall(['--yes'])
  expect([code, output]).toEqual([0, expect.stringContaining('All of it is removed.')])
  const [inRome, inMilan] = await everything()
  expect([...inMilan!].filter((name) => /shop|heliograph|liqo/.test(name))).toEqual([])
  expect(inMilan).toContain('namespace/theirs')
  // Home's own controllers keep a volume that a claim has, and the claim is its owner's to delete.
  expect(output).toMatch(/rome: volumes wait for their claims to be deleted: pvc-/)
  const ours = /liqo-milan|heliograph/
  expect([...inRome!].filter((name) => ours.test(name))).toEqual([
    'clusterrole.rbac.authorization.k8s.io/heliograph-theirs',
  ])
  const labels = async (name: string) => (await stage.clusters.rome!.kubectl.get('namespace', name))?.metadata.labels
  expect(await labels('prepared')).toHaveProperty(['liqo.io/scheduling-enabled'], 'true')
  expect(await labels('shop')).not.toHaveProperty(['liqo.io/scheduling-enabled'])
  expect(await rome('-n', 'shop', 'get', 'nsof', 'offloading', '-o', 'name')).toContain('offloading')

  const again = await uninstall(['--yes'])
  expect([again.code, again.output]).toEqual([0, expect.stringContaining('There is nothing of ours in the clusters.')])
}, 400_000)

test('what is wrong with the command line is told', async () => {
  expect(await uninstall(['--stack'])).toMatchObject({
    code: 1,
    output: expect.stringContaining('--stack: which one? give --stage too'),
  })
  expect((await uninstall(['--yess'])).output).toContain("Unknown option '--yess'")
})

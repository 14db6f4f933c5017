import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { type TestStage, testStage } from './stage.ts'

/** Objects so large that what Heliograph adds to a copy may be too much for the remote cluster. */
let stage: TestStage
beforeAll(async () => {
  stage = await testStage({ nodes: { milan: 1 }, env: { NETWORKING_INTERNAL: 'false' } })
})
afterAll(() => stage?.stop())

test('a pod near the size limit runs, or its owner is told; nothing else is held up', async () => {
  const { rome, milan } = stage.clusters
  const apply = (object: object) => rome!.kubectl(['create', '-f', '-'], JSON.stringify(object))
  const labels = { 'liqo.io/type': 'virtual-node', 'liqo.io/remote-cluster-id': 'milan' }
  await apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'liqo-milan', labels } })
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'large' } })
  await apply({
    apiVersion: 'offloading.liqo.io/v1beta1',
    kind: 'NamespaceOffloading',
    metadata: { name: 'offloading', namespace: 'large' },
    spec: {},
  })
  await rome!.kubectl([
    '-n',
    'large',
    'wait',
    '--for=jsonpath={.status.offloadingPhase}=Ready',
    'nsof/offloading',
    '--timeout=60s',
  ])
  const podOf = (name: string, blob: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'large' },
    spec: {
      nodeName: 'liqo-milan',
      containers: [{ name: 'app', image: 'app:1', env: [{ name: 'BLOB', value: blob }] }],
    },
  })
  // etcd takes 1.5 MiB. A ShadowPod is stored as JSON, where a quote takes two bytes; a Pod is not.
  const outcomes: string[] = []
  for (const [name, blob] of [
    ['fits', 'x'.repeat(1_400_000)],
    ['grows', '"'.repeat(1_000_000)],
    ['small', 'x'],
  ] as const) {
    await apply(podOf(name, blob))
    const outcome = await eventually(`${name} runs, or its owner is told`, async () => {
      const pod = await milan!.kubectl.get('pod', name, 'large-rome')
      if ((pod?.status as { phase?: string } | undefined)?.phase === 'Running') return 'runs'
      const told = await rome!.kubectl([
        '-n',
        'large',
        'get',
        'events',
        '--field-selector',
        `type=Warning,involvedObject.name=${name}`,
        '-o',
        'jsonpath={.items[*].message}',
      ])
      return told.includes('too large') && 'told'
    })
    outcomes.push(`${name} ${outcome}`)
  }
  expect(outcomes).toEqual(['fits runs', 'grows told', 'small runs'])
  expect(await stage.host.deadLetters.list()).toEqual([])
})

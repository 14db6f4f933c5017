import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { makeNode, offload } from './offload.ts'
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
  await makeNode(stage)
  await offload(stage, 'large')
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

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { playScenario } from '../../infra/local/scenario.ts'
import { showcase } from '../../infra/local/showcase.ts'
import { type TestStage, testStage } from './stage.ts'

describe.each(['virtual-node', 'gate'] as const)('offloading by %s', (mode) => {
  let stage: TestStage
  beforeAll(async () => {
    // The schedules run: the virtual node lives by them.
    stage = await testStage({ ...showcase(mode), speed: 1 })
  })
  afterAll(() => stage?.stop())

  test('the main job: what a user does in rome is seen in milan', async () => {
    const checks = await playScenario(stage, () => {})
    expect(checks.filter(({ ok }) => !ok)).toEqual([])
    expect(checks).toHaveLength(14)
    expect(await stage.host.deadLetters.list()).toEqual([])
  })

  test('the functions never write what they must not: every write of theirs is in a namespace of theirs, or a report', async () => {
    const { clusters } = stage
    const fields = async (id: string) => {
      const all = JSON.parse(
        await clusters[id]!.kubectl([
          'get',
          'cm,secret,svc,ns,nsof,events',
          '-A',
          '-o',
          'json',
          '--show-managed-fields',
        ]).catch(() =>
          clusters[id]!.kubectl(['get', 'cm,secret,svc,ns,events', '-A', '-o', 'json', '--show-managed-fields']),
        ),
      ) as { items: { kind: string; metadata: { managedFields?: { manager: string; subresource?: string }[] } }[] }
      return all.items.flatMap(({ kind, metadata }) =>
        (metadata.managedFields ?? [])
          .filter(({ manager }) => manager === 'heliograph')
          .map(({ subresource }) => (subresource ? `${kind}/${subresource}` : kind)),
      )
    }
    const atHome = new Set(await fields('rome'))
    atHome.delete('NamespaceOffloading/status')
    // The label that new pods are admitted by; it goes a moment after the remote namespace.
    atHome.delete('Namespace')
    expect([...atHome]).toEqual(['Event'])
  })
})

import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../cluster/port.ts'
import type { Selection } from '../kinds/kind.ts'
import { type Observation, plan } from './plan.ts'
import { stamped } from './stamp.ts'

const source: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'cfg', namespace: 'shop', uid: 's1' },
}
const forge = (data: Record<string, string>): KubeObject =>
  stamped(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cfg', namespace: 'shop-rome' }, data },
    source,
    'c1',
  )
const desired = forge({ k: 'v' })
const target: KubeObject = { ...desired, metadata: { ...desired.metadata, uid: 't1', resourceVersion: '7' } }
const going = { ...target, metadata: { ...target.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
const yes: Selection = { reflect: true }
const no: Selection = { reflect: false, why: 'skipped by annotation' }
const keep: Selection = { ...no, keep: true }

type Given = Partial<Observation>

test('where sources expire, a deletion for want of one is nothing to worry about', () => {
  const seen = { target, source: undefined, ours: true, yielded: false, selection: yes, desired: undefined }
  const gone = { ...seen, notices: [], basis: [] }
  expect(plan({ ...gone, expires: true })).toMatchObject({ verdict: 'deleted', deliberate: true })
  expect(plan(gone)).not.toHaveProperty('deliberate')
})

describe('plan: every row of its table', () => {
  test.each<{ name: string; given: Given; want: string }>([
    { name: 'nothing on either side', given: {}, want: 'absent' },
    { name: 'foreign target, no source', given: { target, ours: false }, want: 'foreign' },
    { name: 'foreign target in the way', given: { target, ours: false, source, desired }, want: 'blocked' },
    { name: 'foreign target, source kept as it is', given: { target, source, selection: keep }, want: 'skipped' },
    {
      name: 'a target of another flow',
      given: { target, ours: true, yielded: true, source, desired },
      want: 'foreign',
    },
    { name: 'a target of another flow, no source', given: { target, ours: true, yielded: true }, want: 'foreign' },
    { name: 'foreign target, source skipped', given: { target, ours: false, source, selection: no }, want: 'blocked' },
    { name: 'skipped, no target', given: { source, selection: no }, want: 'skipped' },
    { name: 'skipped, its copy kept', given: { source, selection: keep, target, ours: true }, want: 'skipped' },
    { name: 'target going, source gone', given: { target: going, ours: true }, want: 'terminating' },
    { name: 'target going, source there', given: { target: going, ours: true, source, desired }, want: 'terminating' },
    { name: 'source gone', given: { target, ours: true }, want: 'deleted' },
    { name: 'skipped, its copy goes', given: { source, selection: no, target, ours: true }, want: 'deleted' },
    {
      name: 'of an earlier source, not to be taken over',
      given: { source, desired, target, ours: true, outlived: true },
      want: 'deleted',
    },
    {
      name: 'the same, on its way out',
      given: { source, desired, target: going, ours: true, outlived: true },
      want: 'terminating',
    },
    { name: 'new', given: { source, desired }, want: 'created' },
    { name: 'equal', given: { source, desired, target, ours: true }, want: 'equal' },
    {
      name: 'the source has another value',
      given: { source, desired: forge({ k: 'new' }), target, ours: true },
      want: 'updated',
    },
    {
      name: 'the source has dropped a field',
      given: { source, desired: forge({}), target, ours: true },
      want: 'updated',
    },
    {
      name: 'the target drifted',
      given: { source, desired, target: { ...target, data: { k: 'drift' } }, ours: true },
      want: 'updated',
    },
    {
      name: 'the target has more than we sent',
      given: { source, desired, target: { ...target, data: { k: 'v', foreign: 'x' } }, ours: true },
      want: 'equal',
    },
    {
      name: 'a recreated source with the same content',
      given: {
        source,
        desired: stamped(forge({ k: 'v' }), { ...source, metadata: { ...source.metadata, uid: 's2' } }, 'c1'),
        target,
        ours: true,
      },
      want: 'updated',
    },
  ])('$name: $want', ({ given, want }) => {
    const nothing = {
      target: undefined,
      source: undefined,
      ours: false,
      yielded: false,
      selection: yes,
      desired: undefined,
      notices: [],
      basis: [],
    }
    expect(plan({ ...nothing, ...given }).verdict).toBe(want)
  })

  test('what was left out is told with a write, and a deliberate removal is called so', () => {
    const seen = { target, source, ours: true, yielded: false, selection: yes, desired, notices: ['a', 'b'], basis: [] }
    expect(plan({ ...seen, target: undefined })).toMatchObject({ verdict: 'created', why: 'a; b' })
    expect(plan({ ...seen, desired: forge({ k: 'w' }) })).toMatchObject({ verdict: 'updated', why: 'a; b' })
    expect(plan(seen)).toEqual({ do: 'nothing', verdict: 'equal' })
    const selection: Selection = { reflect: false, why: 'reflectIPs is false', deliberate: true }
    expect(plan({ ...seen, selection })).toMatchObject({ verdict: 'deleted', deliberate: true })
  })
})

import { describe, expect, test } from 'vitest'
import { shopContext } from '../../test/support/context.ts'
import type { ReflectionType, Selection } from '../kinds/kind.ts'
import { ALLOW, bySkipAndAllow, explicitChoice, SKIP } from './selection.ts'

function skipped(policy: string): Selection {
  return {
    reflect: false,
    why: `Reflection to cluster "milan" disabled for the current object (policy: "${policy}")`,
  }
}

const reflected: Selection = { reflect: true }
const off: Selection = { ...skipped('Off'), keep: true, quiet: true } as Selection

type Annotations = Record<string, string>

const rows: { name: string; given: Annotations | undefined; want: Record<ReflectionType, Selection> }[] = [
  {
    name: 'no annotations',
    given: undefined,
    want: { DenyList: reflected, AllowList: skipped('AllowList'), Off: off },
  },
  {
    name: 'skip',
    given: { [SKIP]: 'true' },
    want: { DenyList: skipped('DenyList'), AllowList: skipped('AllowList'), Off: off },
  },
  {
    name: 'skip without a value',
    given: { [SKIP]: '' },
    want: { DenyList: skipped('DenyList'), AllowList: skipped('AllowList'), Off: off },
  },
  {
    name: 'skip, but False',
    given: { [SKIP]: 'False' },
    want: { DenyList: reflected, AllowList: skipped('AllowList'), Off: off },
  },
  { name: 'allow', given: { [ALLOW]: 'no' }, want: { DenyList: reflected, AllowList: reflected, Off: off } },
  {
    name: 'allow, but FALSE',
    given: { [ALLOW]: 'FALSE' },
    want: { DenyList: reflected, AllowList: skipped('AllowList'), Off: off },
  },
  {
    name: 'both: each list looks at its own',
    given: { [SKIP]: 'true', [ALLOW]: 'true' },
    want: { DenyList: skipped('DenyList'), AllowList: reflected, Off: off },
  },
]

function annotated(annotations: Annotations | undefined) {
  return { metadata: annotations ? { annotations } : {} }
}

describe.each(rows)('$name', ({ given, want }) => {
  test.each(Object.keys(want) as ReflectionType[])('%s', (reflection) => {
    expect(bySkipAndAllow(annotated(given), { ...shopContext, reflection })).toEqual(want[reflection])
  })
})

test.each([
  { name: 'nothing', given: undefined, want: undefined },
  { name: 'skip', given: { [SKIP]: 'yes' }, want: 'skip' },
  { name: 'allow', given: { [ALLOW]: '' }, want: 'reflect' },
  { name: 'both', given: { [SKIP]: '1', [ALLOW]: '1' }, want: 'contradiction' },
  { name: 'one of them false', given: { [SKIP]: 'false', [ALLOW]: '1' }, want: 'reflect' },
])('explicit choice: $name', ({ given, want }) => {
  expect(explicitChoice(annotated(given as Annotations | undefined))).toBe(want)
})

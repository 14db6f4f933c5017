import { describe, expect, test } from 'vitest'
import { gatedFor, gateName } from './gate.ts'

const rows: { name: string; given: unknown; want: string | undefined }[] = [
  { name: 'our gate', given: { schedulingGates: [{ name: 'offloading.heliograph.io/milan' }] }, want: 'milan' },
  {
    name: 'our gate behind another',
    given: { schedulingGates: [{ name: 'example.com/wait' }, { name: gateName('milan-2') }] },
    want: 'milan-2',
  },
  { name: "somebody else's gate", given: { schedulingGates: [{ name: 'example.com/milan' }] }, want: undefined },
  { name: 'no gates', given: { schedulingGates: [] }, want: undefined },
  { name: 'null', given: { schedulingGates: null }, want: undefined },
  { name: 'no spec', given: undefined, want: undefined },
]

describe('the cluster that a pod is gated for', () => {
  test.each(rows)('$name', ({ given, want }) => {
    expect(gatedFor({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: given })).toBe(want)
  })
})

import { expect, test } from 'vitest'
import type { Json } from '../../kinds/json.ts'
import { isLast, refusedPodGift } from './decide.ts'

const now = '2026-01-01T00:00:00Z'
const warning = { reason: 'ReflectionDisabled', message: expect.stringContaining('disabled for namespace "shop"') }
const backOff = { phase: 'Pending', reason: 'OffloadingBackOff' }

const rows: { name: string; status: Json; metadata?: Json; want: unknown; last?: boolean }[] = [
  { name: 'one that never ran waits', status: {}, want: { status: backOff, warning }, last: false },
  { name: 'and is told once', status: backOff, want: undefined },
  {
    name: 'one that ran is given up',
    status: { phase: 'Running', containerStatuses: [{ name: 'a', ready: true }] },
    want: {
      status: {
        phase: 'Failed',
        reason: 'OffloadingAborted',
        containerStatuses: [
          { name: 'a', ready: false, state: { terminated: { exitCode: 1, reason: 'OffloadingAborted' } } },
        ],
      },
      warning,
    },
    last: true,
  },
  { name: 'one that has ended stays', status: { phase: 'Succeeded' }, want: undefined },
  { name: 'one being deleted ends', status: {}, metadata: { deletionTimestamp: now }, want: { end: true }, last: true },
]

test.each(rows)('$name', ({ status, metadata, want, last }) => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop', ...metadata }, status }
  const gift = refusedPodGift(pod, 'milan', now)
  expect(gift).toEqual(want)
  expect(gift && isLast(gift)).toBe(last)
})

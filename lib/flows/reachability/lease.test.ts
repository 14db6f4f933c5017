import { expect, test } from 'vitest'
import type { KubeObject } from '../../cluster/port.ts'
import { homeLease, isHeld, nextStep, renewedAt, type Step } from './lease.ts'

const PEERS = { home: 'rome', remote: 'milan' }
const NOW = Date.parse('2026-01-01T00:00:00Z')
const lease = (ageMs: number, held = true) => homeLease(PEERS, NOW - ageMs, held)
const emptied: KubeObject = { ...lease(0), spec: {} }

const rows: { name: string; lease?: KubeObject; isInReach: boolean; want: Step }[] = [
  { name: 'the first look begins the time', isInReach: true, want: 'renew' },
  { name: 'also when home is out of reach', isInReach: false, want: 'renew' },
  { name: 'in reach', lease: lease(60_000), isInReach: true, want: 'renew' },
  { name: 'in reach, after one look was missed', lease: lease(79_999), isInReach: true, want: 'renew' },
  { name: 'in reach again', lease: lease(80_000), isInReach: true, want: 'restore' },
  { name: 'in reach again, and not restored yet', lease: lease(0, false), isInReach: true, want: 'restore' },
  { name: 'out of reach for a moment', lease: lease(79_999), isInReach: false, want: 'wait' },
  { name: 'out of reach', lease: lease(80_000), isInReach: false, want: 'withdraw' },
  { name: 'still out of reach', lease: lease(600_000, false), isInReach: false, want: 'withdraw' },
  { name: 'somebody has emptied it', lease: emptied, isInReach: true, want: 'restore' },
]

test.each(rows)('$name', ({ lease, isInReach, want }) => expect(nextStep(lease, isInReach, NOW)).toBe(want))

test('says when, and by whom it is held', () => {
  expect([renewedAt(lease(500)), renewedAt(emptied)]).toEqual([NOW - 500, 0])
  expect([isHeld(lease(0)), isHeld(lease(0, false)), isHeld(emptied)]).toEqual([true, false, false])
})

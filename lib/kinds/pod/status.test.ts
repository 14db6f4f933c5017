import { describe, expect, test } from 'vitest'
import { networks, planned } from '../../../test/support/networks.ts'
import { policyOf } from '../../policy/policy.ts'
import type { Json } from '../json.ts'
import { bounded } from './bounded.ts'
import { endedPodStatus } from './ended.ts'
import { earlierRestarts, livesOf } from './restarts.ts'
import { homePodStatus } from './status.ts'

const REMOTE_CIDRS = { podCIDRs: ['10.60.0.0/16', 'fd60::/64'] }

describe('the home pod shows the remote status', () => {
  const { home, remote } = networks(
    { internal: false },
    { remote: planned('milan', { internal: false }, REMOTE_CIDRS) },
  )
  const policy = policyOf(home, remote)
  const rows: { name: string; home?: Json; remote: Json; nodeIP?: string; restarts?: number; want: Json }[] = [
    {
      name: 'phase, conditions and times',
      remote: { phase: 'Running', startTime: 't' },
      want: { phase: 'Running', startTime: 't' },
    },
    {
      name: 'both addresses, and those of its node instead of the remote host',
      remote: { podIP: '10.60.0.7', podIPs: [{ ip: '10.60.0.7' }, { ip: 'fd60::7' }], hostIP: '192.168.0.1' },
      nodeIP: '10.0.0.9',
      want: {
        podIP: '10.60.0.7',
        podIPs: [{ ip: '10.60.0.7' }, { ip: 'fd60::7' }],
        hostIP: '10.0.0.9',
        hostIPs: [{ ip: '10.0.0.9' }],
      },
    },
    { name: 'no address outside the CIDRs', remote: { podIP: '10.61.0.7' }, want: {} },
    {
      name: 'restarts of former pods are added',
      remote: { containerStatuses: [{ name: 'a', restartCount: 2 }, { name: 'b' }] },
      restarts: 3,
      want: {
        containerStatuses: [
          { name: 'a', restartCount: 5 },
          { name: 'b', restartCount: 3 },
        ],
      },
    },
    {
      name: 'QoS class is home’s',
      home: { qosClass: 'Burstable' },
      remote: { qosClass: 'Guaranteed' },
      want: { qosClass: 'Burstable' },
    },
    { name: 'what is not on the list stays out', remote: { observedGeneration: 7, ofALaterVersion: 1 }, want: {} },
  ]
  test.each(rows)('$name', ({ home: before = {}, remote: there, nodeIP = '', restarts = 0, want }) => {
    expect(homePodStatus(before, there, { policy, nodeIP, restarts }).status).toEqual(want)
  })

  test('an address that is kept out is told', () => {
    const { refused } = homePodStatus({}, { podIP: '10.61.0.7' }, { policy, nodeIP: '', restarts: 0 })
    expect(refused).toMatchObject([{ refused: 'foreign' }])
  })

  test('nothing of any size', () => {
    const endless: Json = {}
    let inner = endless
    for (let depth = 0; depth < 50; depth++) inner = inner.next = {} as Json
    const cut = bounded({ text: 'x'.repeat(9999), list: Array(999).fill(1), endless }) as Record<string, unknown[]>
    expect(cut.text).toHaveLength(4096)
    expect(cut.list).toHaveLength(256)
    expect(JSON.stringify(cut.endless).match(/next/g)).toHaveLength(15)
  })
})

describe('restarts', () => {
  const pod = (uid: string, restartCount: number) => ({
    uid,
    status: { containerStatuses: [{ name: 'a', restartCount }] },
  })
  test('are those of all lives', () => {
    const first = livesOf(undefined, pod('u1', 0))
    expect(first).toEqual({ podUID: 'u1', restartCount: 0, restarts: 0 })
    const later = livesOf(first, pod('u1', 2))
    expect(later).toEqual({ podUID: 'u1', restartCount: 2, restarts: 0 })
    const next = livesOf(later, pod('u2', 1))
    expect(next).toEqual({ podUID: 'u2', restartCount: 1, restarts: 3 })
    expect(earlierRestarts(later, pod('u2', 1), undefined)).toBe(3)
  })
  test('are inferred where the ShadowPod does not keep them', () => {
    const home = { containerStatuses: [{ name: 'a', restartCount: 5 }] }
    expect(earlierRestarts({ phase: 'Running' }, pod('u1', 2), home)).toBe(3)
    expect(earlierRestarts(undefined, pod('u1', 7), home)).toBe(0)
    expect(earlierRestarts(undefined, pod('u1', 7), {})).toBe(0)
  })
})

test('a pod that has ended out of sight', () => {
  const status = {
    message: 'm',
    conditions: [
      { type: 'Ready', status: 'True', lastTransitionTime: 'before' },
      { type: 'Other', status: 'False', lastTransitionTime: 'before' },
    ],
    containerStatuses: [
      { name: 'a', ready: true, state: { running: {} } },
      { name: 'b', ready: true, state: { terminated: { exitCode: 7 } } },
    ],
  }
  const reason = 'RemotePodTerminated'
  expect(endedPodStatus(status, 'Succeeded', reason, 'now')).toEqual({
    message: 'm',
    phase: 'Succeeded',
    reason,
    conditions: [
      { type: 'Ready', status: 'False', reason, lastTransitionTime: 'now' },
      { type: 'Other', status: 'False', lastTransitionTime: 'before' },
    ],
    containerStatuses: [
      { name: 'a', ready: false, state: { terminated: { exitCode: 0, reason } } },
      { name: 'b', ready: false, state: { terminated: { exitCode: 7 } } },
    ],
  })
  const waiting = endedPodStatus({ phase: 'Pending' }, 'Pending', 'OffloadingBackOff', 'now')
  expect(waiting).toEqual({ phase: 'Pending', reason: 'OffloadingBackOff' })
})

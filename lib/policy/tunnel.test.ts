import { expect, test } from 'vitest'
import { effectiveCIDR, negotiatedPlans, overlayAddress, tunnelAddress, tunnelCIDRs, tunnelProblem } from './tunnel.ts'

test('the tunnel has the address after the external CIDR', () => {
  expect(tunnelAddress('10.247.0.0/16')).toBe('10.247.0.1')
  expect(tunnelAddress('fd00:1::/64')).toBe('fd00:1::1')
  expect([tunnelAddress('10.0.0.0/32'), tunnelAddress('None')]).toEqual([undefined, undefined])
})

test.each([
  { node: '10.200.1.1', want: '240.200.1.1' },
  { node: 'fd00::1', want: undefined },
  { node: '10.200.', want: undefined },
])('$node is $want in the overlay', ({ node, want }) => {
  expect(overlayAddress(node)).toBe(want)
})

test('a CIDR goes by its new name, if it has one', () => {
  expect(effectiveCIDR('10.0.0.0/16', 'None')).toBe('10.0.0.0/16')
  expect(effectiveCIDR('10.0.0.0/16', '10.1.0.0/16')).toBe('10.1.0.0/16')
})

const tunnel = {
  localPodCIDR: '10.0.0.0/16',
  localNATPodCIDR: 'None',
  localExternalCIDR: '10.1.0.0/16',
  localNATExternalCIDR: 'None',
  remotePodCIDR: '10.2.0.0/16',
  remoteNATPodCIDR: '10.12.0.0/16',
  remoteExternalCIDR: '10.3.0.0/16',
  remoteNATExternalCIDR: 'None',
}

test.each([
  { given: {}, want: undefined },
  { given: { remotePodCIDR: 'x', localPodCIDR: 'x' }, want: 'PodCIDR must be a valid network CIDR' },
  { given: { localExternalCIDR: 'None' }, want: 'LocalExternalCIDR must be a valid network CIDR' },
  { given: { localNATPodCIDR: '' }, want: 'LocalNATPodCIDR must be a valid network CIDR' },
])('checked: $want', ({ given, want }) => {
  expect(tunnelProblem({ ...tunnel, ...given })).toBe(want)
})

test('both plans, each with what the other cluster calls it', () => {
  expect(negotiatedPlans(tunnel)).toEqual({
    local: {
      podCIDRs: ['10.0.0.0/16'],
      externalCIDRs: ['10.1.0.0/16'],
      seenAs: { podCIDRs: ['None'], externalCIDRs: ['None'] },
    },
    remote: {
      podCIDRs: ['10.2.0.0/16'],
      externalCIDRs: ['10.3.0.0/16'],
      seenAs: { podCIDRs: ['10.12.0.0/16'], externalCIDRs: ['None'] },
    },
  })
})

test('of a spec only the CIDRs count, and what is missing is no CIDR', () => {
  expect(tunnelCIDRs({ ...tunnel, endpointIP: '192.0.2.1' })).toEqual(tunnel)
  const { localPodCIDR: _, ...rest } = tunnel
  expect(tunnelProblem(tunnelCIDRs(rest))).toBe('LocalPodCIDR must be a valid network CIDR')
})

import { expect, test } from 'vitest'
import { addressesTowardsRemote, podIPsAtHome } from './lists.ts'
import { policyOf } from './policy.ts'

const rome = { podCIDRs: ['10.244.0.0/16'], externalCIDRs: ['10.245.0.0/16'], serviceCIDRs: [] }
const seenAs = { podCIDRs: ['10.246.0.0/16'], externalCIDRs: ['None'] }

function policy(internal: boolean, reflectIPs: boolean) {
  const networking = { internal, reflectIPs }
  const milan = { podCIDRs: ['10.50.0.0/16', 'fd00:50::/56'], externalCIDRs: [], serviceCIDRs: [] }
  return policyOf({ id: 'rome', networking, plan: { ...rome, seenAs } }, { id: 'milan', networking, plan: milan })
}

test('endpoint addresses keep their order; the rest is listed apart', () => {
  const given = ['10.244.0.9', '127.0.0.1', '10.244.0.1', '10.96.0.1', '10.244.0.5']
  expect(addressesTowardsRemote(policy(true, true), given)).toEqual({
    addresses: ['10.246.0.9', '10.246.0.1', '10.246.0.5'],
    needsMapping: ['10.96.0.1'],
    refused: [{ refused: 'loopback', why: '127.0.0.1 of rome may not go over: loopback' }],
  })
  const nothing = { addresses: [], needsMapping: [], refused: [] }
  expect(addressesTowardsRemote(policy(true, false), given)).toEqual(nothing)
})

test.each([
  { name: 'dual stack', given: ['10.50.0.9', 'fd00:50::9'], podIP: '10.50.0.9', podIPs: ['10.50.0.9', 'fd00:50::9'] },
  { name: 'IPv6 first', given: ['fd00:50::9', '10.50.0.9'], podIP: 'fd00:50::9', podIPs: ['fd00:50::9', '10.50.0.9'] },
  { name: 'none yet', given: [], podIP: '', podIPs: [] },
  { name: 'an empty one', given: [''], podIP: '', podIPs: [] },
])('pod addresses, $name', ({ given, podIP, podIPs }) => {
  expect(podIPsAtHome(policy(false, true), given)).toEqual({ podIP, podIPs, refused: [] })
})

test('a refused first address leaves the second as podIP', () => {
  expect(podIPsAtHome(policy(false, true), ['169.254.169.254', 'fd00:50::9'])).toMatchObject({
    podIP: 'fd00:50::9',
    podIPs: ['fd00:50::9'],
    refused: [{ refused: 'metadata' }],
  })
})

test('one address a family, as the API server demands', () => {
  expect(podIPsAtHome(policy(false, true), ['10.50.0.9', '10.50.0.10'])).toMatchObject({
    podIPs: ['10.50.0.9'],
    refused: [{ refused: 'surplus', why: '10.50.0.10 is a further address of its family' }],
  })
})

test('reflectIPs off empties both fields', () => {
  expect(podIPsAtHome(policy(false, false), ['10.50.0.9'])).toEqual({ podIP: '', podIPs: [], refused: [] })
})

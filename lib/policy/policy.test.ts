import { expect, test } from 'vitest'
import type { Outcome } from './outcome.ts'
import { addressTowardsRemote, type PlannedCluster, type Policy, podIPAtHome, policyOf } from './policy.ts'

const REMAPPED = { internal: true, reflectIPs: true }
const AS_IS = { internal: false, reflectIPs: true }
const NONE = { internal: true, reflectIPs: false }
const OPAQUE = { internal: false, reflectIPs: false }

/** Two clusters that chose the same CIDRs, and renamed each other's. */
function cluster(id: string, networking = REMAPPED, plan: Partial<PlannedCluster['plan']> = {}): PlannedCluster {
  const own = {
    podCIDRs: ['10.244.0.0/16', 'fd00:10::/56'],
    externalCIDRs: ['10.245.0.0/16'],
    serviceCIDRs: ['10.96.0.0/12'],
    seenAs: { podCIDRs: ['10.246.0.0/16', 'fd00:99::/56'], externalCIDRs: ['10.247.0.0/16'] },
  }
  return { id, networking, plan: { ...own, ...plan } }
}

const mappings = { '10.96.0.1': '10.245.0.2', '10.248.0.5': '10.245.0.3', '8.8.4.4': '10.99.0.1', '8.8.8.8': 'x' }
const remapped = policyOf(cluster('rome'), cluster('milan'), mappings)
const romeAsIs = cluster('rome', AS_IS, { serviceCIDRs: ['10.128.0.0/16'] })
const asIs = policyOf(romeAsIs, cluster('milan', AS_IS, { podCIDRs: ['10.60.0.0/16'] }))
const unconfigured = { podCIDRs: [], externalCIDRs: [], serviceCIDRs: [] }
const open = policyOf(cluster('rome', AS_IS, unconfigured), cluster('milan', AS_IS, unconfigured))
const servicesOnly = policyOf(
  cluster('rome', AS_IS, { ...unconfigured, serviceCIDRs: ['10.128.0.0/16'] }),
  cluster('milan', AS_IS, unconfigured),
)
const none = policyOf(cluster('rome', NONE), cluster('milan', NONE))
const opaque = policyOf(cluster('rome', OPAQUE), cluster('milan', OPAQUE))
const conflicting = policyOf(cluster('rome', REMAPPED), cluster('milan', AS_IS))
const { seenAs: _, ...unnegotiatedPlan } = cluster('rome').plan
const unnegotiated = policyOf(
  { ...cluster('rome'), plan: unnegotiatedPlan },
  { ...cluster('milan'), plan: unnegotiatedPlan },
)
const { podCIDRs, externalCIDRs } = cluster('rome').plan
const ipv4 = {
  podCIDRs: podCIDRs.slice(0, 1),
  seenAs: { podCIDRs: ['10.246.0.0/16'], externalCIDRs: externalCIDRs.map(() => 'None') },
}
const ipv4Only = policyOf(cluster('rome', REMAPPED, ipv4), cluster('milan', REMAPPED, ipv4))
const broken = policyOf(cluster('rome'), cluster('milan', REMAPPED, { externalCIDRs: ['10.245.0.0'] }))

interface Row {
  policy: Policy
  address: string
  want: Partial<Outcome>
}

const empty = { empty: true } as const

test.each<Row & { mode: string }>([
  { mode: 'remapped', policy: remapped, address: '10.244.3.9', want: { address: '10.246.3.9' } },
  { mode: 'remapped', policy: remapped, address: 'fd00:10::3:9', want: { address: 'fd00:99::3:9' } },
  { mode: 'remapped', policy: remapped, address: '10.96.0.1', want: { address: '10.247.0.2' } },
  { mode: 'remapped', policy: remapped, address: '10.248.0.5', want: { address: '10.247.0.3' } },
  { mode: 'remapped', policy: remapped, address: '203.0.113.5', want: { needsMapping: '203.0.113.5' } },
  { mode: 'stale mapping', policy: remapped, address: '8.8.4.4', want: { needsMapping: '8.8.4.4' } },
  { mode: 'broken mapping', policy: remapped, address: '8.8.8.8', want: { needsMapping: '8.8.8.8' } },
  { mode: 'remapped', policy: remapped, address: '2001:db8::1', want: { refused: 'no-external-cidr' } },
  { mode: 'IPv4 only', policy: ipv4Only, address: 'fd00:10::9', want: { refused: 'other-family' } },
  { mode: 'IPv4 only', policy: ipv4Only, address: '10.96.0.1', want: { needsMapping: '10.96.0.1' } },
  { mode: 'remapped', policy: remapped, address: '169.254.169.254', want: { refused: 'metadata' } },
  { mode: 'remapped', policy: remapped, address: 'db.example.com', want: { refused: 'name' } },
  { mode: 'remapped', policy: remapped, address: '10.244.3.09', want: { refused: 'unreadable' } },
  { mode: 'remapped', policy: remapped, address: '', want: { refused: 'unreadable' } },
  { mode: 'as is', policy: asIs, address: '10.244.3.9', want: { address: '10.244.3.9' } },
  { mode: 'as is', policy: asIs, address: 'FD00:10:0::9', want: { address: 'fd00:10::9' } },
  { mode: 'as is', policy: asIs, address: '10.96.0.1', want: { refused: 'receiver-service' } },
  { mode: 'as is', policy: asIs, address: '10.128.0.1', want: { address: '10.128.0.1' } },
  { mode: 'as is', policy: asIs, address: '10.60.0.9', want: { refused: 'foreign' } },
  { mode: 'as is', policy: asIs, address: '127.0.0.1', want: { refused: 'loopback' } },
  { mode: 'as is', policy: asIs, address: 'db.example.com', want: { refused: 'name' } },
  { mode: 'as is, no CIDR', policy: open, address: '10.60.0.9', want: { address: '10.60.0.9' } },
  { mode: 'as is, no pod CIDR', policy: servicesOnly, address: '10.60.0.9', want: { address: '10.60.0.9' } },
  { mode: 'as is, no CIDR', policy: open, address: 'fe80::1', want: { refused: 'link-local' } },
  { mode: 'internal alone', policy: none, address: '10.244.3.9', want: empty },
  { mode: 'neither', policy: opaque, address: '127.0.0.1', want: empty },
  { mode: 'conflicting', policy: conflicting, address: '10.244.3.9', want: { refused: 'conflicting-flags' } },
  { mode: 'not negotiated', policy: unnegotiated, address: '10.244.3.9', want: { refused: 'not-negotiated' } },
  { mode: 'invalid plan', policy: broken, address: '10.244.3.9', want: { refused: 'invalid-plan' } },
])('$mode: $address towards remote', ({ policy, address, want }) => {
  expect(addressTowardsRemote(policy, address)).toMatchObject(want)
})

test.each<Row & { mode: string }>([
  { mode: 'remapped', policy: remapped, address: '10.244.1.7', want: { address: '10.246.1.7' } },
  { mode: 'remapped', policy: remapped, address: 'fd00:10::7', want: { address: 'fd00:99::7' } },
  { mode: 'remapped', policy: remapped, address: '10.33.1.7', want: { refused: 'foreign' } },
  { mode: 'remapped', policy: remapped, address: '10.245.0.2', want: { refused: 'foreign' } },
  { mode: 'remapped', policy: remapped, address: '', want: empty },
  { mode: 'IPv4 only', policy: ipv4Only, address: 'fd00:10::9', want: { refused: 'other-family' } },
  { mode: 'IPv4 only', policy: ipv4Only, address: '10.33.1.7', want: { refused: 'foreign' } },
  { mode: 'as is', policy: asIs, address: '10.60.1.7', want: { address: '10.60.1.7' } },
  { mode: 'as is', policy: asIs, address: '10.128.0.1', want: { refused: 'receiver-service' } },
  { mode: 'as is', policy: asIs, address: '10.96.0.1', want: { refused: 'foreign' } },
  { mode: 'as is', policy: asIs, address: '::1', want: { refused: 'loopback' } },
  { mode: 'as is, no CIDR', policy: open, address: '10.60.1.7', want: { address: '10.60.1.7' } },
  { mode: 'as is, no CIDR', policy: open, address: 'fd00:ec2::254', want: { refused: 'metadata' } },
  { mode: 'internal alone', policy: none, address: '10.244.1.7', want: empty },
  { mode: 'neither', policy: opaque, address: '10.244.1.7', want: empty },
  { mode: 'conflicting', policy: conflicting, address: '10.244.1.7', want: { refused: 'conflicting-flags' } },
  { mode: 'not negotiated', policy: unnegotiated, address: '10.244.1.7', want: { refused: 'not-negotiated' } },
  { mode: 'invalid plan', policy: broken, address: '10.244.1.7', want: { refused: 'invalid-plan' } },
])('$mode: pod $address at home', ({ policy, address, want }) => {
  expect(podIPAtHome(policy, address)).toMatchObject(want)
})

test('a refusal says which address of which cluster, and why', () => {
  const why = (outcome: Outcome) => ('refused' in outcome ? outcome.why : '')
  expect(why(podIPAtHome(asIs, '10.96.0.1'))).toBe('10.96.0.1 is outside the CIDRs of milan')
  expect(why(podIPAtHome(asIs, '10.128.0.1'))).toBe('10.128.0.1 of milan would be a Service in rome')
  expect(why(addressTowardsRemote(asIs, '127.1.2.3'))).toBe('127.1.2.3 of rome may not go over: loopback')
  const family = 'fd00::9 of milan stays there: the network between milan and rome carries no IPv6'
  expect(why(podIPAtHome(ipv4Only, 'fd00::9'))).toBe(family)
  expect(why(addressTowardsRemote(broken, '10.244.0.1'))).toBe('CIDRs of milan: "10.245.0.0" is not a CIDR')
})

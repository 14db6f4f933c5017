import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KubeObject } from '../../cluster/port.ts'
import { clusterOf, type NetworkState } from '../../policy/network-state.ts'
import { nameNetworks, networkStateOf, ownCIDRs, withPeers } from './ipam.ts'
import { ipamStorage, readState } from './ipam-storage.ts'
import type { NetworkCluster } from './world.ts'

type Settings = Pick<NetworkCluster, 'id' | 'plan' | 'reservedSubnets'>

const settings = (plan: Partial<Settings['plan']> = {}, reservedSubnets: string[] = []): Settings => ({
  id: 'new-york',
  plan: { podCIDRs: ['10.244.0.0/16'], externalCIDRs: [], serviceCIDRs: ['10.96.0.0/12'], ...plan },
  reservedSubnets,
})

function stateOf(given: Settings, stored?: KubeObject): NetworkState {
  const state = networkStateOf(given, stored)
  if ('reason' in state) throw new Error(state.message)
  return state
}

const asked = { podCIDR: '10.244.0.0/16', externalCIDR: '10.245.0.0/16' }

function named(state: NetworkState, peer = 'milan', given = asked) {
  const result = nameNetworks(state, peer, given)
  if ('denied' in result) throw new Error(result.denied)
  return result
}

const peered = () => ipamStorage(named(stateOf(settings())).state)

test.each<[name: string, given: Settings, want: ReturnType<typeof ownCIDRs>, reserved: string[]]>([
  ['an external CIDR is found', settings(), asked, []],
  ['host bits are cleared', settings({ podCIDRs: ['10.244.3.9/16'] }), asked, []],
  [
    'one that is set is taken',
    settings({ externalCIDRs: ['192.168.64.0/18'] }),
    { ...asked, externalCIDR: '192.168.64.0/18' },
    [],
  ],
  [
    'of several the first is told, and none is given away',
    settings({ podCIDRs: ['fd00::/56', '10.244.0.0/16', '10.245.0.0/16'] }, ['10.246.0.0/16', 'fd01::/56']),
    { ...asked, externalCIDR: '10.247.0.0/16' },
    ['10.245.0.0/16', '10.246.0.0/16'],
  ],
  [
    'no service CIDR is none',
    settings({ podCIDRs: ['10.0.0.0/16'], serviceCIDRs: [] }),
    { podCIDR: '10.0.0.0/16', externalCIDR: '10.1.0.0/16' },
    [],
  ],
])('%s', (_, given, want, reserved) => {
  const state = stateOf(given)
  expect([ownCIDRs(state), state.reserved]).toEqual([want, reserved])
})

test.each<[name: string, given: Settings, stored: KubeObject | undefined, reason: string, message: RegExp]>([
  ['no pod CIDR', settings({ podCIDRs: ['fd00::/56'] }), undefined, 'NoPodCIDR', /^CLUSTER_NEW_YORK_POD_CIDR: missing/],
  [
    'a pod CIDR that peers know of is changed',
    settings({ podCIDRs: ['10.1.0.0/16'] }),
    peered(),
    'NetworkInUse',
    /^CLUSTER_NEW_YORK_POD_CIDR: podCIDRs are 10\.244\.0\.0\/16 and cannot be changed; .*NETWORKING_INTERNAL=false/,
  ],
  [
    'a reserved subnet stands for a peer already',
    settings({}, ['10.246.7.0/24']),
    peered(),
    'NetworkInUse',
    /^CLUSTER_NEW_YORK_RESERVED_SUBNETS: 10\.246\.7\.0\/24 overlaps 10\.246\.0\.0\/16, which is in use/,
  ],
  [
    'an external CIDR is set after one was found',
    settings({ externalCIDRs: ['192.168.0.0/16'] }),
    peered(),
    'NetworkInUse',
    /^CLUSTER_NEW_YORK_EXTERNAL_CIDR: /,
  ],
  [
    'nothing is left for an external CIDR',
    settings({ podCIDRs: ['10.0.0.0/8'], serviceCIDRs: [] }),
    undefined,
    'NetworkInUse',
    /^CLUSTER_NEW_YORK_EXTERNAL_CIDR: no IPv4 network of \/8 is free/,
  ],
  [
    'somebody has spoilt what is remembered',
    settings(),
    { ...peered(), spec: { ...(peered().spec as object), serviceCIDR: '10.244.0.0/17' } },
    'BrokenIpamStorage',
    /^IpamStorage ipamstorage-heliograph in new-york cannot be read: .*overlaps/,
  ],
])('%s: told, with the remedy', (_, given, stored, reason, message) => {
  const state = networkStateOf(given, stored)
  expect(state).toMatchObject({ reason, isFault: true, message: expect.stringMatching(message) })
})

test('what is set no more stays, as networks were chosen beside it; subnets that are reserved no more are free', () => {
  const before = ipamStorage(stateOf(settings({ externalCIDRs: ['10.9.0.0/16'] }, ['10.245.0.0/16'])))
  const state = stateOf(settings({ serviceCIDRs: [] }), before)
  expect(state).toMatchObject({ serviceCIDRs: ['10.96.0.0/12'], externalCIDRs: ['10.9.0.0/16'], reserved: [] })
  expect(state.allocation.taken).not.toContain('10.245.0.0/16')
})

test('a subnet that was reserved may become the Services’ own', () => {
  const before = ipamStorage(stateOf(settings({ serviceCIDRs: [] }, ['10.96.0.0/12', '10.9.0.0/16'])))
  const state = stateOf(settings({}, ['10.9.0.0/16']), before)
  expect(state).toMatchObject({ serviceCIDRs: ['10.96.0.0/12'], reserved: ['10.9.0.0/16'] })
})

test('names of a peer’s networks are given once; a peer with networks of another size gets new ones', () => {
  const first = named(stateOf(settings()))
  expect(first.names).toEqual({ podCIDR: '10.246.0.0/16', externalCIDR: '10.247.0.0/16' })
  expect(named(first.state)).toEqual(first)
  expect(named(first.state, 'turin', { podCIDR: '10.50.0.0/16', externalCIDR: '10.51.0.0/16' }).names).toEqual({
    podCIDR: 'None',
    externalCIDR: 'None',
  })
  const larger = named(first.state, 'milan', { podCIDR: '10.244.0.0/14', externalCIDR: '10.248.0.0/14' })
  expect(larger.names).toEqual({ podCIDR: '10.240.0.0/14', externalCIDR: 'None' })
  expect(Object.keys(larger.state.clusters)).toEqual(['milan'])
})

test('peers that are none any more are forgotten, and their networks free', () => {
  const { state } = named(stateOf(settings()))
  expect(withPeers(state, ['milan'])).toBe(state)
  expect(withPeers(state, ['turin'])).toEqual(stateOf(settings()))
})

test('a ClusterID is a name and nothing else', () => {
  const { state } = named(stateOf(settings()), 'constructor')
  expect(clusterOf(stateOf(settings(), ipamStorage(state)), 'constructor')?.remote.podCIDRs).toEqual(['10.246.0.0/16'])
})

test('what is stored is read as it was, whatever came and went before', () => {
  const octets = fc.tuple(fc.constantFrom(10, 172, 192, 203), fc.nat(255), fc.nat(255))
  const cidr = fc
    .tuple(octets, fc.integer({ min: 9, max: 24 }))
    .map(([[a, b, c], length]) => `${a}.${b}.${c}.0/${length}`)
  const peers = fc.array(fc.tuple(fc.constantFrom('milan', 'turin', 'oslo'), cidr, cidr, fc.boolean()), {
    maxLength: 6,
  })
  fc.assert(
    fc.property(peers, fc.array(cidr, { maxLength: 2 }), (steps, reserved) => {
      const start = networkStateOf(settings({}, reserved), undefined)
      fc.pre(!('reason' in start))
      let state = start
      for (const [peer, podCIDR, externalCIDR, leaves] of steps) {
        const next = leaves ? undefined : nameNetworks(state, peer, { podCIDR, externalCIDR })
        if (next && 'state' in next) state = next.state
        if (leaves)
          state = withPeers(
            state,
            Object.keys(state.clusters).filter((id) => id !== peer),
          )
      }
      const read = readState(ipamStorage(state))
      if ('denied' in read) throw new Error(read.denied)
      const sorted = ({ allocation, ...rest }: NetworkState) => ({ ...rest, taken: allocation.taken.toSorted() })
      expect(sorted(read.state)).toEqual(sorted(state))
    }),
  )
})

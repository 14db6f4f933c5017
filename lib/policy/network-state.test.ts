import { expect, test } from 'vitest'
import type { Denied } from './allocation.ts'
import { mapEndpoint, retainEndpoints } from './endpoint-mapping.ts'
import {
  emptyNetworkState,
  type NetworkState,
  type Step,
  withExternalCIDR,
  withLocalNames,
  withOwnCIDRs,
  withoutCluster,
  withoutLocalNames,
  withRemoteSubnets,
  withReserved,
} from './network-state.ts'

function done(step: Step): NetworkState {
  if ('denied' in step) throw new Error(step.denied)
  return step.state
}

const asked = { podCIDRs: ['10.244.0.0/16'], externalCIDRs: ['10.245.0.0/16'] }
const names = { podCIDRs: ['10.246.0.0/16'], externalCIDRs: ['10.247.0.0/16'] }

/** Rome after negotiating with milan, which has the same CIDRs. */
function rome(): NetworkState {
  const own = done(withOwnCIDRs(emptyNetworkState(), 'podCIDRs', ['10.244.0.0/16']))
  const services = done(withOwnCIDRs(own, 'serviceCIDRs', ['10.96.0.0/12']))
  const peered = done(withRemoteSubnets(done(withExternalCIDR(services, 16)), 'milan', asked))
  return done(withLocalNames(peered, 'milan', names))
}

function mapped(state: NetworkState, cluster: string, address: string) {
  const result = mapEndpoint(state, cluster, address)
  if ('denied' in result) throw new Error(result.denied)
  return result
}

test('two clusters with the same CIDRs', () => {
  expect(rome()).toMatchObject({
    externalCIDRs: ['10.245.0.0/16'],
    clusters: { milan: { remote: names, local: names } },
  })
})

test('own CIDRs are said once; saying them again changes nothing', () => {
  expect(withOwnCIDRs(rome(), 'podCIDRs', ['10.244.0.0/16'])).toEqual({ state: rome() })
  expect(withOwnCIDRs(rome(), 'podCIDRs', ['10.1.0.0/16'])).toHaveProperty('denied')
  expect(withOwnCIDRs(emptyNetworkState(), 'podCIDRs', ['10.1.0.0/16', '10.1.2.0/24'])).toHaveProperty('denied')
  expect(withExternalCIDR(rome(), 24)).toEqual({ state: rome() })
})

test('both families, each with an external CIDR', () => {
  const own = done(withOwnCIDRs(emptyNetworkState(), 'podCIDRs', ['10.244.0.0/16', 'fd68:656c::/56']))
  const both = done(withExternalCIDR(done(withExternalCIDR(own, 16)), 56, 6))
  expect(both.externalCIDRs).toEqual(['10.245.0.0/16', 'fd68:656c:0:100::/56'])
})

test('a peer keeps its names until unpeering, which frees them', () => {
  expect(withRemoteSubnets(rome(), 'milan', { podCIDRs: ['10.1.0.0/16'], externalCIDRs: [] })).toEqual({
    state: rome(),
  })
  const gone = withoutCluster(rome(), 'milan')
  expect(gone).toMatchObject({
    clusters: {},
    allocation: { taken: ['10.244.0.0/16', '10.96.0.0/12', '10.245.0.0/16'] },
  })
  expect(withoutCluster(gone, 'milan')).toEqual(gone)
})

test('a peer whose external CIDR cannot be had gets nothing', () => {
  const step = withRemoteSubnets(rome(), 'turin', { podCIDRs: ['10.1.0.0/16'], externalCIDRs: ['8.0.0.0/6'] })
  expect((step as Denied).denied).toBe('8.0.0.0/6 of turin: no IPv4 network of /6 is free')
})

test('reserved networks follow their list, as a whole or not at all', () => {
  const reserved = done(withReserved(rome(), ['10.1.0.0/16', '10.2.0.0/16']))
  const fewer = done(withReserved(reserved, ['10.2.0.0/16', '10.3.0.0/16']))
  expect(fewer.allocation.taken).toEqual([...rome().allocation.taken, '10.2.0.0/16', '10.3.0.0/16'])
  expect(withReserved(fewer, ['10.4.0.0/16', '10.246.9.0/24'])).toHaveProperty('denied')
})

test('local names need remote ones, and the first ones stay', () => {
  expect(withLocalNames(rome(), 'turin', names)).toHaveProperty('denied')
  expect(withLocalNames(rome(), 'constructor', names)).toHaveProperty('denied')
  expect(withLocalNames(rome(), 'milan', asked)).toEqual({ state: rome() })
})

test('endpoints are mapped from the lowest free external address, after the tunnel', () => {
  const service = mapped(rome(), 'milan', '10.96.0.1')
  const pod = mapped(service.state, 'milan', '10.244.3.9')
  const third = mapped(pod.state, 'milan', '10.248.0.5')
  expect([service.address, pod.address, third.address]).toEqual(['10.247.0.2', '10.246.3.9', '10.247.0.3'])
  expect(mapped(third.state, 'milan', '10.96.0.1')).toEqual({ state: third.state, address: '10.247.0.2' })
  expect(third.state.endpoints).toEqual({
    '10.96.0.1': { external: '10.245.0.2', clusters: ['milan'] },
    '10.248.0.5': { external: '10.245.0.3', clusters: ['milan'] },
  })
})

test('peers share an endpoint; its address is free when the last one lets go', () => {
  const turin = { podCIDRs: ['10.60.0.0/16'], externalCIDRs: ['10.61.0.0/16'] }
  const kept = { podCIDRs: ['None'], externalCIDRs: ['None'] }
  const both = done(withLocalNames(done(withRemoteSubnets(rome(), 'turin', turin)), 'turin', kept))
  const shared = mapped(mapped(both, 'milan', '8.8.8.8').state, 'turin', '8.8.8.8')
  expect(shared.address).toBe('10.245.0.2')
  const one = retainEndpoints(shared.state, 'milan', [])
  expect(one.endpoints).toEqual({ '8.8.8.8': { external: '10.245.0.2', clusters: ['turin'] } })
  expect(retainEndpoints(one, 'turin', ['8.8.8.8'])).toEqual(one)
  expect(withoutLocalNames(one, 'turin').endpoints).toEqual({})
})

test.each(['169.254.169.254', '127.0.0.1', 'x', '2001:db8::1'])('%s is not mapped', (address) => {
  expect(mapEndpoint(rome(), 'milan', address)).toHaveProperty('denied')
})

test('without negotiated names nothing is mapped', () => {
  expect(mapEndpoint(rome(), 'turin', '8.8.8.8')).toHaveProperty('denied')
  expect(mapEndpoint(withoutLocalNames(rome(), 'milan'), 'milan', '8.8.8.8')).toHaveProperty('denied')
})

test('a full external CIDR denies, and never gives out its first two addresses or the broadcast', () => {
  let state: NetworkState = { ...rome(), externalCIDRs: ['10.245.0.0/29'] }
  for (let host = 1; host <= 5; host++) state = mapped(state, 'milan', `8.8.8.${host}`).state
  const given = Object.values(state.endpoints).map(({ external }) => external)
  expect(given).toEqual([2, 3, 4, 5, 6].map((host) => `10.245.0.${host}`))
  expect(mapEndpoint(state, 'milan', '8.8.8.6')).toEqual({ denied: 'no external address is free for 8.8.8.6' })
})

test('a mapping outside the external CIDR is made anew', () => {
  const stale = { ...rome(), endpoints: { '8.8.8.8': { external: '10.9.0.2', clusters: ['milan'] } } }
  expect(mapped(stale, 'milan', '8.8.8.8').address).toBe('10.247.0.2')
})

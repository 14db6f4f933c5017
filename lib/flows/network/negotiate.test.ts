import { expect, test } from 'vitest'
import type { NetworkState } from '../../policy/network-state.ts'
import type { AddressPlan } from '../../policy/plan.ts'
import { networkConfig, type Offer } from './forge.ts'
import { fault, waiting } from './hindrance.ts'
import { nameNetworks, networkStateOf } from './ipam.ts'
import { type End, negotiate } from './negotiate.ts'

const PLAN: AddressPlan = { podCIDRs: ['10.244.0.0/16'], externalCIDRs: [], serviceCIDRs: ['10.96.0.0/12'] }
const stateOf = (id: string, plan: Partial<AddressPlan> = {}) =>
  networkStateOf({ id, plan: { ...PLAN, ...plan }, reservedSubnets: [] }, undefined) as NetworkState
const gatewayOf = (id: string) => ({ endpointIP: `${id}.example.org`, port: '5871', publicKey: `key of ${id}` })

const end = (id: string, change: Partial<End> = {}): End => ({
  id,
  state: stateOf(id),
  parameters: gatewayOf(id),
  ...change,
})
const noKey = waiting('WaitingForPublicKey', 'no key yet')
const conflict = fault('NetworkInUse', 'a conflict')
const names = { podCIDR: '10.246.0.0/16', externalCIDR: '10.247.0.0/16' }
const own = { podCIDR: '10.244.0.0/16', externalCIDR: '10.245.0.0/16' }
const said = (offer: Offer = { ...own, ...gatewayOf('rome') }) =>
  networkConfig({ name: 'to-milan', peer: 'milan', receiver: 'milan' }, offer, { names })

/** What there should be in rome and in milan, as far as it tells: statuses, offers, and which objects there are. */
function agreed(rome: End, milan: End = end('milan')) {
  const [inRome, inMilan] = negotiate(rome, milan)
  return {
    status: inRome.to.status,
    says: inRome.to.spec,
    rome: Object.keys(inRome).toSorted(),
    milan: Object.keys(inMilan).toSorted(),
    replicaStatus: inMilan.from?.status,
  }
}

const PROCESSED = { processed: true, podCIDRNAT: names.podCIDR, externalCIDRNAT: names.externalCIDR }

test('both know all: each names the other’s networks, and there is a tunnel', () => {
  const all = ['from', 'storage', 'to', 'tunnel']
  expect(agreed(end('rome'))).toEqual({
    status: PROCESSED,
    replicaStatus: PROCESSED,
    says: {
      cluster: { clusterID: 'milan', clusterName: 'milan' },
      ...own,
      endpointIP: 'rome.example.org',
      backendType: 'wireguard',
      backend_config: { publicKey: 'key of rome', port: '5871' },
    },
    rome: all,
    milan: all,
  })
})

test('no gateway yet: its networks alone are said, and what it has given away is remembered', () => {
  const { says, ...rest } = agreed(end('rome', { parameters: noKey }))
  expect(says).toEqual({ cluster: { clusterID: 'milan', clusterName: 'milan' }, ...own, backendType: 'wireguard' })
  expect(rest).toEqual({
    status: { processed: false, reason: 'WaitingForPublicKey', message: 'no key yet' },
    replicaStatus: undefined,
    rome: ['from', 'hindrance', 'storage', 'to'],
    milan: ['storage', 'to'],
  })
})

test('what the peer waits for, or is wrong there, is told here too, but for what is told of it already', () => {
  const told = (rome: Partial<End>) => negotiate(end('rome', rome), end('milan'))[1].to.status
  expect(told({ parameters: noKey })).toEqual({
    ...PROCESSED,
    reason: 'WaitingForPeer',
    message: 'rome: no key yet',
  })
  expect(told({ parameters: noKey, said: said() })).toEqual(PROCESSED)
  expect(told({ state: conflict })).toEqual({ processed: false, reason: 'NetworkInUse', message: 'a conflict' })
})

test('a gateway that was known and is not for now: the tunnel stays with what was said last', () => {
  const { says, ...rest } = agreed(end('rome', { parameters: noKey, said: said() }))
  expect(says).toMatchObject({ endpointIP: 'rome.example.org' })
  expect(rest).toMatchObject({
    status: { ...PROCESSED, reason: 'WaitingForPublicKey' },
    milan: ['from', 'storage', 'to', 'tunnel'],
  })
})

test('networks that cannot be told: what was said stays, and the peer’s side too', () => {
  const before = agreed(end('rome', { state: conflict, said: said() }))
  expect(before.status).toEqual({ ...PROCESSED, reason: 'NetworkInUse', message: 'a conflict' })
  expect(before.says).toEqual(said().spec)
  expect([before.rome, before.milan]).toEqual([
    ['from', 'hindrance', 'to'],
    ['hindrance', 'storage', 'to'],
  ])
  expect(agreed(end('rome', { state: conflict })).status).toEqual({
    processed: false,
    reason: 'NetworkInUse',
    message: 'a conflict',
  })
})

test('the peer has no names left: the sender is told, by the receiver’s copy too', () => {
  const full = stateOf('milan', { podCIDRs: ['10.0.0.0/8'], externalCIDRs: ['192.168.0.0/16'], serviceCIDRs: [] })
  const crowded = { ...full, allocation: { ...full.allocation, pools: ['10.0.0.0/8', '192.168.0.0/16'] } }
  const { status, replicaStatus, milan } = agreed(end('rome'), end('milan', { state: crowded }))
  const message = expect.stringMatching(/^milan has no network left to call it by: 10\.244\.0\.0\/16 of rome/)
  expect(status).toEqual({ processed: false, reason: 'NoFreeNetwork', message })
  expect(replicaStatus).toEqual(status)
  expect(milan).not.toContain('tunnel')
})

test('names that were given are kept', () => {
  const state = nameNetworks(stateOf('milan'), 'rome', own)
  if ('denied' in state) throw new Error(state.denied)
  const [inRome] = negotiate(end('rome'), end('milan', { state: state.state }))
  expect(inRome.to.status).toEqual(PROCESSED)
})

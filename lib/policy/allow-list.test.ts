import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Address, parseAddress } from './address.ts'
import { objectionTo, specialOf } from './allow-list.ts'
import { type Cidr, parseCidr } from './cidr.ts'

function ip(text: string): Address {
  return parseAddress(text) as Address
}

test.each([
  ['0.0.0.0', 'unspecified'],
  ['0.255.255.255', 'unspecified'],
  ['1.0.0.0', undefined],
  ['126.255.255.255', undefined],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.255', 'loopback'],
  ['169.253.255.255', undefined],
  ['169.254.0.1', 'link-local'],
  ['169.254.169.254', 'metadata'],
  ['169.254.170.2', 'metadata'],
  ['169.254.170.23', 'metadata'],
  ['169.255.0.0', undefined],
  ['100.100.100.200', 'metadata'],
  ['168.63.129.16', 'metadata'],
  ['192.0.0.192', 'metadata'],
  ['223.255.255.255', undefined],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['240.0.0.1', undefined],
  ['255.255.255.254', undefined],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::127.0.0.1', 'loopback'],
  ['::ffff:0:127.0.0.1', 'loopback'],
  ['fe80::a9fe:a9fe', 'link-local'],
  ['febf::1', 'link-local'],
  ['fec0::1', undefined],
  ['ff02::1', 'multicast'],
  ['fd00:ec2::254', 'metadata'],
  ['fd00:ec2::23', 'metadata'],
  ['fd20:ce::254', 'metadata'],
  ['fd00:c1::a9fe:a9fe', 'metadata'],
  ['64:ff9b::169.254.169.254', 'metadata'],
  ['64:ff9b::10.0.0.1', undefined],
  ['2002:a9fe:a9fe::1', 'metadata'],
  ['2002:7f00:1::', 'loopback'],
  ['2002:a00:1::', undefined],
  ['fd00:200::5', undefined],
  ['2001:db8::1', undefined],
  ['10.244.0.1', undefined],
])('%s: %s', (text, special) => {
  expect(specialOf(ip(text))).toBe(special)
})

test.each([
  { own: ['10.244.0.0/16'], services: [], address: '10.244.3.9', want: undefined },
  { own: ['10.244.0.0/16'], services: [], address: '10.245.3.9', want: 'foreign' },
  { own: ['10.244.0.0/16'], services: [], address: 'fd00::1', want: 'foreign' },
  { own: [], services: [], address: '10.245.3.9', want: undefined },
  { own: [], services: ['10.96.0.0/12'], address: '10.96.0.1', want: 'receiver-service' },
  { own: ['10.0.0.0/8'], services: ['10.96.0.0/12'], address: '10.96.0.1', want: 'receiver-service' },
])('$address of $own, services $services: $want', ({ own, services, address, want }) => {
  const cidrs = (texts: readonly string[]) => texts.map((text) => parseCidr(text) as Cidr)
  expect(objectionTo(ip(address), cidrs(own), cidrs(services))).toBe(want)
})

test('what kube-apiserver refuses as an endpoint is special', () => {
  // ValidateEndpointIP: unspecified, loopback, link-local, link-local multicast.
  const refused = fc.oneof(
    fc.constantFrom('0.0.0.0', '::', '::1'),
    fc.ipV4().map((text) => text.replace(/^\d+/, '127')),
    fc.ipV4().map((text) => text.replace(/^\d+\.\d+/, '169.254')),
    fc.ipV4().map((text) => text.replace(/^\d+\.\d+\.\d+/, '224.0.0')),
    fc
      .tuple(fc.constantFrom('fe80', 'fe9a', 'febf', 'ff02'), fc.nat({ max: 0xffff }))
      .map(([a, b]) => `${a}::${b.toString(16)}`),
  )
  const isSpecial = (text: string) => {
    expect(specialOf(ip(text)), text).toBeDefined()
  }
  fc.assert(fc.property(refused, isSpecial))
})

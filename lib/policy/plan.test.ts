import { expect, test } from 'vitest'
import { type Address, formatAddress, parseAddress } from './address.ts'
import { type AddressPlan, rangesOf, renamedAddress } from './plan.ts'

const plan: AddressPlan = {
  podCIDRs: ['10.244.0.0/16', 'fd00:10::/56'],
  externalCIDRs: ['10.245.0.0/16'],
  serviceCIDRs: ['10.96.0.0/12'],
  seenAs: { podCIDRs: ['10.246.0.0/16', 'None'], externalCIDRs: ['10.247.0.0/16'] },
}

test.each([
  { text: '10.244.3.9', want: '10.246.3.9' },
  { text: 'fd00:10::3:9', want: 'fd00:10::3:9' },
  { text: '10.245.3.9', want: undefined },
])('pod $text is $want', ({ text, want }) => {
  const renamed = renamedAddress(rangesOf(plan).renamed!.pods, parseAddress(text) as Address)
  expect(renamed && formatAddress(renamed)).toBe(want)
})

test('host bits are cleared: two addresses must not become one', () => {
  const { pods, problems } = rangesOf({ ...plan, podCIDRs: ['10.244.3.4/16', 'fd00:10::/56'] })
  expect(problems).toEqual([])
  expect(formatAddress(pods[0]!)).toBe('10.244.0.0')
})

test('nothing is renamed before it is negotiated', () => {
  const { seenAs: _, ...before } = plan
  expect(rangesOf(before)).not.toHaveProperty('renamed')
})

const seenAs = plan.seenAs!

test.each([
  { given: { podCIDRs: ['10.244/16'] }, problem: /"10.244\/16" is not a CIDR/ },
  { given: { serviceCIDRs: ['None'] }, problem: /"None" is not a CIDR/ },
  { given: { podCIDRs: [] }, problem: /there is no pod CIDR/ },
  { given: { seenAs: { ...seenAs, podCIDRs: ['10.246.0.0/16'] } }, problem: /2 CIDRs have 1 names/ },
  { given: { seenAs: { ...seenAs, externalCIDRs: ['x'] } }, problem: /"x" is not a CIDR/ },
  { given: { seenAs: { ...seenAs, externalCIDRs: ['10.247.0.0/17'] } }, problem: /is smaller/ },
  { given: { seenAs: { ...seenAs, externalCIDRs: ['fd00::/96'] } }, problem: /is not IPv4/ },
  {
    given: { seenAs: { ...seenAs, externalCIDRs: ['10.0.0.0/8'] } },
    problem: /10.246.0.0\/16 and 10.0.0.0\/8 overlap/,
  },
  { given: { externalCIDRs: ['10.244.0.0/24'] }, problem: /10.244.0.0\/16 and 10.244.0.0\/24 overlap/ },
])('unusable: $problem', ({ given, problem }) => {
  expect(rangesOf({ ...plan, ...given }).problems.join()).toMatch(problem)
})

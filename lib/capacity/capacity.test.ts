import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { minus, share, toAmounts } from './amounts.ts'
import { toNano, toQuantity, toText } from './quantity.ts'
import { type Claimant, requestsOf, silentOn } from './requests.ts'

describe('quantities', () => {
  test.each<[given: unknown, want: string | undefined]>([
    ['2', '2'],
    [2, '2'],
    [0.5, '0.5'],
    ['1500m', '1.5'],
    ['1Ki', '1024'],
    ['1.5Gi', '1610612736'],
    ['20Gi', '21474836480'],
    ['8Ei', '9223372036854775808'],
    ['100n', '0.0000001'],
    ['250u', '0.00025'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['2e3', '2000'],
    ['2E-3', '0.002'],
    ['3E', '3000000000000000000'],
    ['-1', '-1'],
    ['0.1n', '0.000000001'],
    ['', undefined],
    ['.', undefined],
    ['1.2.3', undefined],
    ['1 Gi', undefined],
    ['1gi', undefined],
    ['Infinity', undefined],
    [null, undefined],
    [{}, undefined],
  ])('%j', (given, want) => {
    const amount = toNano(given)
    expect(amount === undefined ? undefined : toText(amount)).toBe(want)
  })

  test.each([
    ['cpu', '1.2345', '1234m'],
    ['memory', '2Gi', '2147M'],
    ['cpu', '2000m', '2'],
    ['cpu', '0', '0'],
    ['ephemeral-storage', '1999999999', '1999M'],
    ['ephemeral-storage', '1000G', '1T'],
    ['memory', '3000E', '3000E'],
    ['pods', '1000', '1k'],
    ['pods', '32.9', '32'],
    ['nvidia.com/gpu', '2', '2'],
  ])('%s of %s is written as %s', (resource, amount, want) => {
    expect(toQuantity(resource, toNano(amount)!)).toBe(want)
  })

  test('what is written exactly is read back the same', () => {
    fc.assert(fc.property(fc.bigInt(-(10n ** 30n), 10n ** 30n), (amount) => toNano(toText(amount)) === amount))
  })
})

test('a share, of what is left', () => {
  const left = minus(toAmounts({ cpu: '4', memory: '1Gi', pods: '10' }), toAmounts({ cpu: '1', memory: '2Gi', gpu: 1 }))
  expect(share(left, 30)).toEqual({ cpu: toNano('900m'), memory: 0n, pods: toNano(3) })
})

describe('what a pod takes', () => {
  const needs = (cpu: string, more: object = {}) => ({ resources: { requests: { cpu } }, ...more })
  const rows: { name: string; given: Claimant; want: Record<string, unknown> }[] = [
    { name: 'nothing said', given: { containers: [{}] }, want: {} },
    { name: 'containers together', given: { containers: [needs('1'), needs('500m')] }, want: { cpu: '1500m' } },
    {
      name: 'the largest init container',
      given: { containers: [needs('1')], initContainers: [needs('3'), needs('2')] },
      want: { cpu: '3' },
    },
    {
      name: 'sidecars beside what comes later',
      given: {
        containers: [needs('1')],
        initContainers: [needs('1', { restartPolicy: 'Always' }), needs('2')],
      },
      want: { cpu: '3' },
    },
    {
      name: 'a limit where no request is given',
      given: { containers: [{ resources: { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '1' } } }] },
      want: { cpu: '1', memory: '1Gi' },
    },
    {
      name: 'requests of the pod as a whole, and overhead',
      given: { containers: [needs('1')], resources: { requests: { cpu: '4' } }, overhead: { cpu: '250m' } },
      want: { cpu: '4250m' },
    },
  ]
  test.each(rows)('$name', ({ given, want }) => {
    expect(requestsOf(given)).toEqual(toAmounts(want))
  })

  test('who says nothing', () => {
    const pod = { containers: [{ name: 'app', ...needs('1') }, { name: 'side' }], initContainers: [{ name: 'init' }] }
    expect(silentOn('cpu', pod)).toEqual(['init', 'side'])
    expect(silentOn('cpu', { ...pod, resources: { requests: { cpu: '4' } } })).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import { matches, type NodeSelector } from './selector.ts'

const labels = { region: 'eu', 'liqo.io/type': 'virtual-node', cores: '16' }
const one = (key: string, operator: string, values?: string[]): NodeSelector => ({
  nodeSelectorTerms: [{ matchExpressions: [{ key, operator, ...(values ? { values } : {}) }] }],
})

describe('matches', () => {
  test.each<{ name: string; given: NodeSelector | undefined; want: boolean }>([
    { name: 'no selector', given: undefined, want: true },
    { name: 'no terms match everything', given: { nodeSelectorTerms: [] }, want: true },
    { name: 'an empty term matches nothing', given: { nodeSelectorTerms: [{}] }, want: false },
    { name: 'In holds', given: one('region', 'In', ['us', 'eu']), want: true },
    { name: 'In fails', given: one('region', 'In', ['us']), want: false },
    { name: 'In fails on an absent label', given: one('zone', 'In', ['']), want: false },
    { name: 'NotIn holds on an absent label', given: one('zone', 'NotIn', ['a']), want: true },
    { name: 'NotIn fails', given: one('region', 'NotIn', ['eu']), want: false },
    { name: 'Exists', given: one('region', 'Exists'), want: true },
    { name: 'DoesNotExist', given: one('zone', 'DoesNotExist'), want: true },
    { name: 'Gt holds', given: one('cores', 'Gt', ['8']), want: true },
    { name: 'Gt is strict', given: one('cores', 'Gt', ['16']), want: false },
    { name: 'Lt fails on text', given: one('region', 'Lt', ['8']), want: false },
    {
      name: 'all expressions of a term',
      given: {
        nodeSelectorTerms: [
          {
            matchExpressions: [
              { key: 'region', operator: 'Exists' },
              { key: 'zone', operator: 'Exists' },
            ],
          },
        ],
      },
      want: false,
    },
    {
      name: 'any term',
      given: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'zone', operator: 'Exists' }] },
          { matchExpressions: [{ key: 'region', operator: 'In', values: ['eu'] }] },
        ],
      },
      want: true,
    },
    {
      name: 'matchFields',
      given: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['liqo-milan'] }] }],
      },
      want: true,
    },
  ])('$name', ({ given, want }) => {
    expect(matches(given, labels, { 'metadata.name': 'liqo-milan' })).toBe(want)
  })

  test.each<{ name: string; given: NodeSelector; want: RegExp }>([
    { name: 'unknown operator', given: one('region', 'Like', ['e']), want: /operator "Like" of "region"/ },
    { name: 'Gt with text', given: one('cores', 'Gt', ['many']), want: /Gt of "cores" takes exactly one integer/ },
    { name: 'Lt with two', given: one('cores', 'Lt', ['1', '2']), want: /exactly one integer/ },
  ])('refuses $name', ({ given, want }) => {
    expect(() => matches(given, labels)).toThrow(want)
  })
})

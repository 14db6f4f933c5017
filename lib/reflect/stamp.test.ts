import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digest, stamped } from './stamp.ts'

const source = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'shop', uid: 'u1' } }
const desired = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', annotations: { a: 'b' } },
  data: { k: 'dg==' },
}

describe('stamped', () => {
  test('names source, uids and digest, keeps the rest and its input', () => {
    const before = structuredClone(desired)
    expect(stamped(desired, source, 'c1')).toEqual({
      ...desired,
      metadata: {
        name: 's',
        annotations: {
          a: 'b',
          'heliograph.io/source': 'shop/s',
          'heliograph.io/source-uid': 'u1',
          'heliograph.io/source-cluster-uid': 'c1',
          'heliograph.io/digest': digest(desired),
        },
      },
    })
    expect(desired).toEqual(before)
  })

  test('another source, cluster, content or notice is another stamp', () => {
    const recreated = { ...source, metadata: { ...source.metadata, uid: 'u2' } }
    const stamps = [
      stamped(desired, source, 'c1'),
      stamped(desired, recreated, 'c1'),
      stamped(desired, source, 'c2'),
      stamped({ ...desired, data: {} }, source, 'c1'),
    ].map(({ metadata }) => JSON.stringify(metadata.annotations))
    expect(new Set(stamps).size).toBe(4)
  })
})

describe('digest', () => {
  test('does not depend on the order of members', () => {
    expect(digest({ a: 1, b: { c: [1, 2], d: null } })).toBe(digest({ b: { d: null, c: [1, 2] }, a: 1 }))
  })

  test('differs where JSON differs', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), fc.string(), fc.string(), (map, key, value) => {
        fc.pre(map[key] !== value && key !== '__proto__')
        return digest(map) !== digest({ ...map, [key]: value })
      }),
    )
  })
})

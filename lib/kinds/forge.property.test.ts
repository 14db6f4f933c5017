import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shopContext } from '../../test/support/context.ts'
import type { KubeObject } from '../cluster/port.ts'
import { KINDS } from './index.ts'
import type { Context } from './kind.ts'
import { bearsLabels, isReflected } from './meta.ts'

/** What holds for every kind's forge, whatever the source looks like. */

/** As it comes off the wire: without -0. */
const json = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)))
const text = fc.string({ maxLength: 8 })
const map = fc.dictionary(text, text, { maxKeys: 4 })
const known = {
  type: fc.constantFrom('', 'Opaque', 'NodePort', 'kubernetes.io/service-account-token'),
  data: map,
  immutable: fc.boolean(),
  spec: fc.record(
    {
      type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer'),
      clusterIP: fc.constantFrom('None', '10.96.0.7'),
      selector: map,
      ports: fc.array(fc.record({ name: text, port: fc.nat(65535), nodePort: fc.nat(32767) }), { maxLength: 3 }),
      ofALaterVersion: json,
    },
    { requiredKeys: [] },
  ),
  ofALaterVersion: json,
}
const source = fc
  .tuple(fc.record(known, { requiredKeys: [] }), fc.record({ labels: map, annotations: map }, { requiredKeys: [] }))
  .map(([fields, meta]): KubeObject => ({ apiVersion: 'v1', kind: 'Any', metadata: { name: 'x', ...meta }, ...fields }))

const context: Context = {
  ...shopContext,
  labelsNotReflected: ['a', 'offloading.liqo.io/origin'],
  annotationsNotReflected: ['b'],
  loadBalancerClass: 'metallb',
}

test.each(KINDS)('$name: forge keeps its input, is deterministic and marks the target', (kind) => {
  fc.assert(
    fc.property(source, (given) => {
      const before = structuredClone(given)
      const target = kind.forge(deepFrozen(given), context, {})
      expect(given).toEqual(before)
      expect(kind.forge(before, context, {})).toEqual(target)
      expect(isReflected(target, context) && bearsLabels(target, kind.target)).toBe(true)
      expect(target.metadata.namespace).toBe(kind.target.side === 'home' ? 'shop' : 'shop-rome')
      expect(JSON.parse(JSON.stringify(target))).toEqual(target)
    }),
  )
})

/** Throws on any write, in strict mode. */
function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFrozen)
  return value
}

import { expect, test } from 'vitest'
import { readable } from './lines.ts'

const head = { time: '2026-01-01T00:00:00.000Z', level: 'info', function: 'configmap', peering: 'rome:milan' }

test.each<{ name: string; given: unknown; want: string | undefined }>([
  {
    name: 'a reflection',
    given: { ...head, msg: 'key', kind: 'configmap', key: 'rome/shop/a', verdict: 'created', writes: 1, ms: 12.1 },
    want: 'configmap  rome/shop/a (rome:milan) created 12.1 ms',
  },
  {
    name: 'a refusal with its reason',
    given: { ...head, msg: 'key', kind: 'service', key: 'rome/shop/a', verdict: 'blocked', why: 'in the way', ms: 3 },
    want: 'service    rome/shop/a (rome:milan) blocked 3 ms: in the way',
  },
  {
    name: 'a key with nothing to do',
    given: { ...head, msg: 'key', kind: 'configmap', key: 'rome/shop/a', verdict: 'equal', ms: 3 },
    want: undefined,
  },
  {
    name: 'what a sweep mended',
    given: { ...head, msg: 'swept', what: 'secret rome/shop/a', verdict: 'updated' },
    want: 'secret     rome/shop/a (rome:milan) updated by sweep',
  },
  {
    name: 'a sweep',
    given: { ...head, msg: 'sweep', reportOnly: false, listed: 8, equal: 4, created: 0, deleted: 1, ms: 31 },
    want: 'sweep      listed 8, equal 4, deleted 1 in 31 ms',
  },
  {
    name: 'a failure',
    given: { ...head, level: 'error', msg: 'failed', error: 'UnreachableError' },
    want: 'configmap  error failed {"peering":"rome:milan","error":"UnreachableError"}',
  },
  { name: 'what is not for a person', given: { ...head, msg: 'received' }, want: undefined },
])('$name', ({ given, want }) => {
  expect(readable('configmap', JSON.stringify(given))).toBe(want)
})

test('a line that is no JSON is shown as it is', () => {
  expect(readable('secret', 'Error: boom')).toBe('secret     Error: boom')
})

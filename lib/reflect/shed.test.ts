import { expect, test } from 'vitest'
import { withoutFields } from './shed.ts'

const status = {
  phase: 'Running',
  later: 1,
  conditions: [{ type: 'Ready', later: 1 }, 'odd', { type: 'Initialized' }],
  containerStatuses: [
    { name: 'a', state: { running: { later: { deep: 1 } } } },
    { name: 'b', 'dot.key': 1, later: 0 },
  ],
}

test.each([
  [
    'of the items of a list, all of them',
    ['.status.conditions[].later'],
    { conditions: [{ type: 'Ready' }, 'odd', { type: 'Initialized' }] },
  ],
  [
    'at any depth, with all in them',
    ['.status.containerStatuses[].state.running.later'],
    {
      containerStatuses: [
        { name: 'a', state: { running: {} } },
        { name: 'b', 'dot.key': 1, later: 0 },
      ],
    },
  ],
  [
    'several',
    ['.status.containerStatuses[].dot.key', '.status.containerStatuses[].later'],
    {
      containerStatuses: [{ name: 'a', state: { running: { later: { deep: 1 } } } }, { name: 'b' }],
    },
  ],
  ['that are not there', ['.status.none', '.spec.later'], {}],
])('fields go: %s', (_, fields, want) => {
  expect(withoutFields({ status }, new Set(fields))).toEqual({ status: { ...status, ...want } })
})
